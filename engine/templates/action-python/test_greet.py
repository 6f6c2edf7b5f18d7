import unittest

from greet import Failure, greet


class GreetTest(unittest.TestCase):
    def test_it_greets_and_logs(self):
        lines = []
        output = greet({"name": "Ada", "times": 2}, lambda message, **_: lines.append(message))
        self.assertEqual(output, {"message": "Hello, Ada! Hello, Ada!"})
        self.assertEqual(lines, ["greeting"])

    def test_an_empty_name_is_refused(self):
        with self.assertRaises(Failure) as raised:
            greet({"name": ""}, lambda message, **_: None)
        self.assertEqual(raised.exception.kind, "no_name")


if __name__ == "__main__":
    unittest.main()
