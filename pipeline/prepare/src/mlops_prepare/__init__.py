"""Checks the data contract, runs the user's transform and splits the data into training rows and holdout."""
