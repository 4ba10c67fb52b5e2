"""Unit tests that Keras ships in its wheel, found and run one at a time; a test file of ours puts our classes in place."""

import unittest

import pytest


class Result(unittest.TestResult):
    """A result that knows that `pytest.skip` is not an error."""

    def addError(self, test, error):
        if isinstance(error[1], pytest.skip.Exception):
            self.addSkip(test, str(error[1]))
        else:
            super().addError(test, error)


def collect(modules, import_module):
    """Every test by `module.class.method`; `import_module(name)` gives the test module of that name."""
    found = {}
    for name in modules:
        for suite in unittest.TestLoader().loadTestsFromModule(import_module(name)):
            for test in suite:
                if test._testMethodName != "test_session":
                    found[f"{name.split('.')[-1]}.{type(test).__name__}.{test._testMethodName}"] = test
    return found


def run(test):
    """Run one test: pass, fail, or skip with Keras's reason."""
    # pytest's marks on the method and the class, which unittest doesn't see.
    method = getattr(test, test._testMethodName)
    for mark in [*getattr(method, "pytestmark", []), *getattr(type(test), "pytestmark", [])]:
        if mark.name == "skip" or (mark.name == "skipif" and mark.args[0]):
            pytest.skip(f"Keras skips it: {mark.kwargs.get('reason', 'no reason given')}")
    result = Result()
    test.run(result)
    for _, reason in result.skipped:
        pytest.skip(f"Keras skips it: {reason}")
    assert result.testsRun == 1
    problems = [text for _, text in (*result.failures, *result.errors)]
    assert not problems, "\n".join(problems)
