"""`python -m sample_model train|serve`: the image's entry point."""

import sys


def main() -> None:
    """Runs the program that the first argument names; exits 2 on any other."""
    program = sys.argv[1] if len(sys.argv) > 1 else None
    if program == "train":
        from sample_model.train import main as run
    elif program == "serve":
        from sample_model.serve import main as run
    else:
        print(f"found {program or 'no argument'}, expected train or serve", file=sys.stderr)
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
