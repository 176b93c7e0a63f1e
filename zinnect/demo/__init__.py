"""The demo: the product itself, run against the sandbox. The whole-system test runs the same code on other settings."""
