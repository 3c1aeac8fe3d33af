"""The explanation: a person who has only the printed text gets the score to 0.01, with plain arithmetic."""

import json
import re
from collections import defaultdict
from datetime import UTC, datetime
from math import log, prod

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import betaincinv
from tests.evidence_made import PARAMETERS
from tests.rows_made import EVIDENCE, KEYS, TENANTS, rows

from reputon.cli import console, working, working_json
from reputon.cli.numbers import number
from reputon.evidence.rows import key
from reputon.listing import policy
from reputon.listing.lookup import Day, Known
from reputon.score import arithmetic
from reputon.score.judgement import HARM, Recent
from reputon.score.model import Score
from reputon.subject import of_key

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TODAY = int(NOW.timestamp()) // 86400
NAMES = {key(name): name for name in [*TENANTS, "feed", "capped"] if key(name)}
CALCULABLE = r"[-+*/^(). 0-9ln]+"
DAY = re.compile(r"  (?:(\d{4}-\d\d-\d\d)  (\S.*) = ([0-9.]+))? +(own|feed|capped)  (.*)")


def known(evidence, recent=None):
    made = arithmetic.redone(arithmetic.grouped(rows(evidence, TODAY)), PARAMETERS, TODAY)
    worked = made.worked
    score = Score(of_key(KEYS[0]), None, worked.value, worked.low, worked.high, worked.amounts.get("sent", 0.0), (),
                  NOW, PARAMETERS.version)  # fmt: skip
    day = None
    if recent:
        (verdict,) = policy.verdicts({(0, ""): recent}, policy.Settings(), PARAMETERS, NOW).values()
        day = Day(recent, arithmetic.worked(recent.messages, PARAMETERS), verdict)
    return Known(of_key(KEYS[0]), score, (), None, (), made, NAMES, day)


def told(found, *, every=True):
    return list(working.lines(found, PARAMETERS, 30.0, every=every))


def counts(text):
    return {kind: float(count) for kind, count in (each.split(" ") for each in text.split(", ") if each)}


def steps(lines):
    """The lines of each numbered step."""
    found = defaultdict(list)
    number_ = "0"
    for line in lines:
        number_ = line[0] if line[1:3] == ". " else number_
        found[number_].append(line)
    return found


def sums(lines):
    """Messages by source and kind: of days with their weights, or of folded lines."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    weight = 1.0
    for line in lines:
        if (match := DAY.fullmatch(line)) is None:
            weight = 1.0
            continue
        if match[1]:
            weight = float(match[3])
            assert calculated(match[2]) == pytest.approx(weight, abs=2e-6)
        for kind, count in counts(match[5]).items():
            found[match[4]][kind] += count * weight
    return found


def believed(sums, lines):
    """The rule of step 2, in its words; the harms are read, since they are cut."""
    harm = {
        source: float(value)
        for source, value in re.findall(r"^  (\S+)  harm .* = ([0-9.]+)$", "\n".join(lines), re.MULTILINE)
    }
    sent = {source: kinds.get("sent", 0.0) for source, kinds in sums.items()}
    total: dict[str, float] = defaultdict(float)
    for source, kinds in sums.items():
        for kind, count in kinds.items():
            of = sent if kind == "sent" else harm
            is_free = source == "own" or kind == "delivered" or 2 * of[source] <= sum(of.values())
            total[kind] += count if is_free else count * (sum(of.values()) - of[source]) / of[source]
    for source, value in harm.items():
        weighed = sum(count * HARM.get(kind, 0) for kind, count in sums[source].items())
        assert weighed == pytest.approx(value, abs=sum(HARM.values()) / 64 + 1e-5 * weighed)
    return total


def read(pattern: str, text: str) -> re.Match[str]:
    """What must be in a text."""
    found = re.search(pattern, text)
    assert found, text
    return found


def calculated(text):
    """A formula as a calculator has it."""
    assert re.fullmatch(CALCULABLE, text), text
    return eval(text.strip().replace("^", "**").replace("ln", "log"), {"log": log})


def factors(lines, amounts):
    """Step 3 with its own amounts: only limits, prior and weight are read from the text."""
    for block in "\n".join(lines).strip().split("\n\n")[1:]:
        head, rate, badness, factor = block.split("\n")
        k = sum(float(worth) * amounts[kind] for worth, kind in re.findall(r"([0-9.]+)\*[0-9.]+ ([a-z-]+)", head))
        m, nu = map(float, read(r"\+ ([0-9.]+)\*([0-9.]+)\)", rate).groups())
        made = (k + m * nu) / (max(amounts["sent"], k) + nu)
        weight = float(read(r"1 - ([0-9.]+)\*", factor)[1])
        if match := re.match(r"  badness = ([01]), since", badness):
            bad = float(match[1])
        else:
            low, high = read(r"/([0-9.]+)\)/ln\(([0-9.]+)/", badness).groups()
            bad = log(made / float(low)) / log(float(high) / float(low))
        yield 1 - weight * bad


def printed_score(lines):
    return float(read(r"= ([0-9.]+)$", next(line for line in lines if line.startswith("4. ")))[1])


MUCH = [(day, "own", KEYS[0], TENANTS[0], "sent", 90 + 300 * (day % 9 == 0)) for day in range(30)]


@given(EVIDENCE, st.booleans())
@example(
    [*MUCH, (3, "feed", KEYS[0], TENANTS[0], "complaint", 9), (0, "own", KEYS[0], TENANTS[0], "complaint", 2)], True
)
@settings(max_examples=60, deadline=None)
def test_the_score_can_be_redone_from_the_text(evidence, every):
    found = known(evidence)
    text = steps(told(found, every=every))
    amounts = believed(sums(text["1"]), text["2"])
    score = 100 * prod(factors(text["3"], amounts))
    assert score == pytest.approx(printed_score(text["4"]), abs=0.01)
    assert score == pytest.approx(found.arithmetic.worked.product, abs=0.01)


@given(EVIDENCE)
@settings(max_examples=40, deadline=None)
def test_every_printed_equation_holds(evidence):
    checked = 0
    for line in [each for number_, lines in steps(told(known(evidence))).items() if number_ in "345" for each in lines]:
        sides = [re.sub(r" [a-z-]{3,}", "", side) for side in re.sub(r"^[0-9]\. ", "", line).split(" = ")]
        values = [calculated(side) for side in sides if side.strip() and re.fullmatch(CALCULABLE, side)]
        close = 0.006 if line.startswith(("4.", "5.")) else 1e-6  # a score has two places
        assert values[1:] == pytest.approx(values[:-1], rel=2e-5, abs=close), line
        checked += len(values) > 1
    assert checked >= 2 * len(PARAMETERS.signals) if evidence else checked >= len(PARAMETERS.signals)


@given(EVIDENCE)
@settings(max_examples=40, deadline=None)
def test_the_printed_loss_is_shared_to_the_last_hundredth(evidence):
    text = steps(told(known(evidence)))["5"]
    whole = text[0].rpartition("= ")[2]
    parts = re.findall(r" of it: ([0-9.]+)  (?:LOW|MEDIUM|HIGH)$", "\n".join(text), flags=re.MULTILINE)
    assert sum(round(float(each) * 100) for each in parts) == round(float(whole) * 100)


def test_the_bounds_can_be_redone_from_a_table_of_beta():
    recent = Recent({0: {"sent": 300, "complaint": 9, "trap-pristine": 1}}, 3, frozenset(("a", "b")), 1)
    text = steps(told(known([*MUCH, (3, "own", KEYS[0], TENANTS[0], "complaint", 9)], recent)))
    for line in text["6"]:
        if match := re.match(r"  \S+  a = ([0-9.]+), b = ([0-9.]+): ([0-9.]+) and ([0-9.]+)", line):
            a, b, low, high = map(float, match.groups())
            assert (low, high) == pytest.approx((betaincinv(a, b, 0.2), betaincinv(a, b, 0.8)), rel=1e-5, abs=1e-11)
    end = "\n".join(text["7"])
    left, right = read(r"optimistic score = (.*) = ([0-9.]+); listed below 30", end).groups()
    assert calculated(left) == pytest.approx(float(right), abs=0.01)
    assert right == f"{known([], recent).day.worked.high:.2f}"


def test_many_days_are_folded_and_lines_fit():
    evidence = [(day, "own", KEYS[0], f"{TENANTS[pair]}", "sent", 30) for day in range(30) for pair in (0, 1)]
    folded, whole = told(known(evidence), every=False), told(known(evidence))
    assert "--all" in "\n".join(folded)
    assert len(whole) > 60 + len(folded) - 10
    assert max(map(len, whole)) <= 100


def test_nothing_seen_is_nothing_to_explain():
    nothing = Known(of_key(KEYS[0]), None, (), None, (), None, {}, None)
    assert told(nothing) == ["192.0.2.7: nothing was seen of it: there is nothing to explain"]
    assert working_json.of(nothing, PARAMETERS, 30.0)["score"] is None


def test_json_has_the_same_values():
    evidence = [*MUCH, (3, "feed", KEYS[0], TENANTS[0], "complaint", 9)]
    found = known(evidence)
    made = json.loads(console.json_text(working_json.of(found, PARAMETERS, 30.0)))
    assert 100 * prod(each["factor"] for each in made["terms"]) == pytest.approx(made["score"], abs=0.005)
    assert sum(each["points"] for each in made["terms"]) == pytest.approx(made["loss"])
    total = sum(day["worth"] * day["counts"].get("own", {}).get("sent", 0) for day in made["pairs"][0]["days"])
    assert total == pytest.approx(made["amounts"]["sent"])


@given(st.floats(0, 1e12))
def test_numbers_have_seven_digits_and_no_exponent(value):
    text = number(value)
    assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)
    assert float(text) == pytest.approx(value, rel=6e-7, abs=1e-12)
