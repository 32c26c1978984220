"""What a retraining is expected to bring beyond what it takes, where people have put a price on quality.

    return = P(target reached) x value of the gain - (retraining + labelling + validation)

The gain ends at the target: that is what is promised, whatever may come on top. Nothing is shown where a part of it is
unknown, since a part that is left out would count as nothing.
"""

from decimal import Decimal

from modelreuse.api import ExpectedReturn, ModelAssessment, PredictedCost, Prices, decimal


def expected_return(
    cost: PredictedCost,
    assessment: ModelAssessment,
    *,
    target: Decimal | None,
    point_value: Decimal | None,
    prices: Prices | None,
) -> ExpectedReturn | None:
    """In the profile's currency; its ends are those of the retraining's own price.

    target: absolute accuracy. point_value: what one point (0.01) of it is worth. New samples without a label are
    labelled at the profile's price before anything can learn from them.
    """
    accuracy = next((score.value for score in assessment.scores if score.name == "initial_accuracy_new"), None)
    if prices is None or prices.per_label is None or prices.per_validation is None:
        return None
    if accuracy is None or target is None or point_value is None or cost.money is None or cost.reaches_target is None:
        return None
    worth = cost.reaches_target * point_value * 100 * max(target - accuracy, Decimal(0))
    unlabelled = (assessment.samples or 0) - (assessment.labelled or 0)
    rest = worth - unlabelled * prices.per_label - prices.per_validation
    estimate = cost.money.estimate
    return ExpectedReturn(
        estimate=None if estimate is None else decimal(rest - estimate),
        low=decimal(rest - cost.money.high),
        high=decimal(rest - cost.money.low),
        basis=cost.money.basis,
        currency=prices.currency,
    )
