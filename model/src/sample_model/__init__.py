"""The sample model: logistic or ridge regression behind SageMaker's `train` and `serve`."""
