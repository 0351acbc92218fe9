"""The judge of scripts/torture-serve: what it must find, and what it must let pass."""
import unittest

from facts import money, money_text
from judge import DAY, LATEST, Case

LINES = (("product", "", 1, 2000),)


def order(checkout="c1", total=2500, time=100.0, conversation="talk", lines=LINES, number=None):
    return {"id": f"order of {checkout}", "checkout": checkout, "merchant": "merchant-a",
            "number": number or f"ORD-{checkout}", "total": total, "currency": "USD",
            "lines": lines, "time": time, "conversation": conversation}


def agreement(checkout="c1", total=2500, time=99.0, question="q1", lines=LINES):
    return {"person": "ada", "conversation": "talk", "question": question, "checkout": checkout,
            "merchant": "merchant-a", "total": total, "currency": "USD", "lines": lines,
            "time": time}


def attempt(checkout="c1", state="done", total=2500, name="a1", order_id="", cartpilot="one"):
    return {"id": name, "checkout_id": checkout, "state": state, "total": total,
            "currency": "USD", "session": "talk", "order_id": order_id, "note": "",
            "cartpilot_id": cartpilot}


def statement(state, checkout="c1", time=101.0, name="a1"):
    return {"person": "ada", "conversation": "talk", "where": "event", "attempt": name,
            "checkout": checkout, "order": "", "state": state, "total": "25.00 USD", "time": time}


class JudgeCase(unittest.TestCase):
    maxDiff = None

    def judge(self, orders=(), agreements=(), attempts=(), statements=(), turns=(), limit=None,
              bookings=None):
        orders = list(orders)
        if bookings is None:
            bookings = [each["number"] for each in orders]
        case = Case(orders, bookings, list(agreements), list(statements), list(turns),
                    {"ada": list(attempts)}, {"talk": "ada"}, limit)
        return [finding.kind for finding in case.judge()]

    def test_a_purchase_that_was_agreed_to_is_let_pass(self):
        self.assertEqual(self.judge([order()], [agreement()], [attempt()], [statement("done")],
                                    limit=2500), [])

    def test_an_order_without_a_yes(self):
        self.assertEqual(self.judge([order()], [], [attempt()]), ["unapproved"])

    def test_a_yes_to_something_else(self):
        for agreed in (agreement(total=2400), agreement(lines=(("product", "", 2, 2000),)),
                       agreement(lines=(("other", "", 1, 2000),))):
            self.assertEqual(self.judge([order()], [agreed], [attempt()]), ["unapproved"])

    def test_an_order_before_the_yes_or_long_after_it(self):
        self.assertEqual(self.judge([order()], [agreement(time=110.0)], [attempt()]),
                         ["unapproved"])
        self.assertEqual(self.judge([order(time=101.0 + LATEST)], [agreement()], [attempt()]),
                         ["unapproved"])

    def test_a_booking_that_is_no_order(self):
        self.assertEqual(self.judge([order()], [agreement()], [attempt()],
                                    bookings=["ORD-c1", "ORD-c1"]), ["unapproved"])

    def test_one_basket_bought_twice_needs_two_yeses(self):
        orders = [order(), order("c2", time=102.0)]
        attempts = [attempt(), attempt("c2", name="a2")]
        once = [agreement(), agreement("c2", question="q1", time=101.5)]
        self.assertEqual(self.judge(orders, once, attempts), ["duplicate"])
        twice = [agreement(), agreement("c2", question="q2", time=101.5)]
        self.assertEqual(self.judge(orders, twice, attempts), [])

    def test_an_order_that_the_record_does_not_know_or_denies(self):
        self.assertEqual(self.judge([order()], [agreement()]), ["lost"])
        for state in ("void", "approved", "consent"):
            self.assertEqual(self.judge([order()], [agreement()], [attempt(state=state)]),
                             ["lost"])
        for state in ("unknown", "confirm_sent"):
            self.assertEqual(self.judge([order()], [agreement()], [attempt(state=state)]), [])
        voided_first = [attempt(state="void"), attempt(name="a2")]
        self.assertEqual(self.judge([order()], [agreement()], voided_first), [])

    def test_more_than_the_limit_of_a_day(self):
        orders = [order(), order("c2", time=102.0, lines=(("other", "", 1, 2000),))]
        agreements = [agreement(), agreement("c2", question="q2", time=101.5,
                                             lines=(("other", "", 1, 2000),))]
        attempts = [attempt(), attempt("c2", name="a2")]
        self.assertEqual(self.judge(orders, agreements, attempts, limit=4999), ["overspent"])
        self.assertEqual(self.judge(orders, agreements, attempts, limit=5000), [])
        orders[1]["time"] = 100.0 + DAY
        agreements[1]["time"] = 99.0 + DAY
        self.assertEqual(self.judge(orders, agreements, attempts, limit=4999), [])

    def test_a_record_of_what_is_not_there(self):
        self.assertEqual(self.judge([], [agreement()], [attempt()]), ["false"])
        self.assertEqual(self.judge([order()], [agreement()], [attempt(total=1)]), ["false"])
        self.assertEqual(self.judge([order()], [agreement()], [attempt(order_id="another")]),
                         ["false"])
        self.assertEqual(self.judge([order()], [agreement()], [attempt(), attempt(name="a2")]),
                         ["false"])

    def test_purchases_at_a_cartpilot_that_is_not_there(self):
        attempts = [attempt(), attempt("c2", "void", name="a2", cartpilot="another")]
        self.assertEqual(self.judge([order()], [agreement()], attempts), ["false"])

    def test_what_the_page_said(self):
        self.assertEqual(self.judge([], [agreement()], [], [statement("done")]), ["false"])
        self.assertEqual(self.judge([order()], [agreement()], [attempt()], [statement("void")]),
                         ["false"])
        before_it_was_bought = statement("void", time=99.0)
        self.assertEqual(self.judge([order()], [agreement()], [attempt()],
                                    [before_it_was_bought]), [])
        of_another_attempt = statement("void", name="a0")
        given_up = attempt(state="void", name="a0")
        self.assertEqual(self.judge([order()], [agreement()], [attempt(), given_up],
                                    [of_another_attempt]), [])
        self.assertEqual(self.judge([order()], [agreement()], [attempt()],
                                    [statement("void", name="")]), ["false"])

    def test_an_answer_that_denies_what_its_turn_bought(self):
        turn = {"person": "ada", "conversation": "talk", "began": 98.0, "time": 105.0,
                "text": "Nothing was bought: you did not approve it."}
        self.assertEqual(self.judge([order()], [agreement()], [attempt()], turns=[turn]),
                         ["false"])
        turn["began"] = 101.0
        self.assertEqual(self.judge([order()], [agreement()], [attempt()], turns=[turn]), [])

    def test_unknown_outcomes_are_counted(self):
        attempts = [attempt(state="unknown"), attempt("c2", "confirm_sent", name="a2"),
                    attempt("c3", "void", name="a3")]
        case = Case([], [], [], [], [], {"ada": attempts}, {})
        self.assertEqual([each["id"] for _, each in case.unknown()], ["a1", "a2"])

    def test_money_is_read_as_it_is_shown(self):
        self.assertEqual(money("61.81 USD"), (6181, "USD"))
        self.assertEqual(money("1200 JPY"), (1200, "JPY"))
        self.assertEqual(money_text(6105, "USD"), "61.05 USD")
        self.assertRaises(ValueError, money, "about 5 USD")


if __name__ == "__main__":
    unittest.main()
