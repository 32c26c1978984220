"""Which policies govern a namespace, and what they demand together: of every rule the strictest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeVar

from modelreuse.api import (
    CarbonIntensity,
    CostProfile,
    CostProfileSpec,
    Failure,
    Limits,
    PromotionRules,
    RetrainPolicy,
    ReuseThresholds,
    Uncertainty,
)
from modelreuse.costs import UnknownZoneError, at_intensity, with_intensity
from modelreuse.decisions.digest import sha256_of
from modelreuse.decisions.observed import Ledger

UNKNOWN_ZONE = "UnknownGridZone"
Number = TypeVar("Number", int, Decimal)


@dataclass(frozen=True)
class Rules:
    """What all matching policies say together."""

    policies: tuple[RetrainPolicy, ...]
    profile: CostProfile
    reuse: ReuseThresholds
    limits: Limits
    uncertainty: Uncertainty
    valid_seconds: int
    promotion: PromotionRules
    timing_probe: Literal["Allow", "Forbid"]
    images: frozenset[str] | None
    """Digests that every policy with a list has on it; None where no policy has one."""
    require_image_digest: bool
    intensity: CarbonIntensity | None = None
    """What a check's carbon goes by, once there is something to predict: `decisions.intensity`."""

    @property
    def priced(self) -> CostProfileSpec:
        """The profile to compute by, once `intensity` is known; approvals bind the profile itself."""
        assert self.intensity is not None
        return at_intensity(self.profile.spec, self.intensity)

    @property
    def profile_sha256(self) -> str:
        """Of the profile's spec, as predictions name it."""
        return sha256_of(self.profile.spec.to_wire())


def governing(
    policies: Iterable[RetrainPolicy], profiles: Mapping[str, CostProfile], namespace_labels: Mapping[str, str]
) -> Rules | Failure:
    """The rules for a namespace with these labels, or why there are none: then nothing can be approved."""
    labels = dict(namespace_labels)
    matching = tuple(
        sorted(
            (policy for policy in policies if policy.spec.namespace_selector.matches(labels)),
            key=lambda policy: policy.metadata.name,
        )
    )
    if not matching:
        return Failure(
            reason="NoPolicy",
            message="no RetrainPolicy selects this namespace, so nothing can be recommended or approved; "
            "ask the platform team for one",
        )
    named = sorted({policy.spec.cost_profile for policy in matching})
    if len(named) > 1:
        return Failure(
            reason="PoliciesDisagree",
            message="all policies that select one namespace must name the same CostProfile; "
            f"{_names(matching)} name {', '.join(named)}",
        )
    profile = profiles.get(named[0])
    if profile is None:
        return Failure(
            reason="CostProfileMissing",
            message=f'RetrainPolicy {matching[0].metadata.name}: spec.costProfile: there is no "{named[0]}"',
        )
    try:
        profile = profile.model_copy(update={"spec": with_intensity(profile.spec)})
    except UnknownZoneError as error:
        return Failure(reason=UNKNOWN_ZONE, message=f"CostProfile {named[0]}: {error}")
    specs = [policy.spec for policy in matching]
    return Rules(
        policies=matching,
        profile=profile,
        reuse=ReuseThresholds(
            max_quality_loss=min(spec.reuse.tolerated_loss for spec in specs),
            max_resque_dist=_least(spec.reuse.max_resque_dist for spec in specs),
        ),
        limits=Limits(
            steps=_least(spec.limits.steps for spec in specs),
            hours=_least(spec.limits.hours for spec in specs),
            energy_kwh=_least(spec.limits.energy_kwh for spec in specs),
            carbon_kg=_least(spec.limits.carbon_kg for spec in specs),
            money=_least(spec.limits.money for spec in specs),
        ),
        uncertainty=Uncertainty(
            allow_assumed=all(spec.uncertainty.allow_assumed for spec in specs),
            max_high_over_low=_least(spec.uncertainty.max_high_over_low for spec in specs),
            min_reaches_target=max(spec.uncertainty.min_reaches_target for spec in specs),
        ),
        valid_seconds=min(spec.approval.valid_seconds for spec in specs),
        promotion=PromotionRules(
            min_improvement=max(spec.promotion.min_improvement for spec in specs),
            require_target=any(spec.promotion.require_target for spec in specs),
        ),
        images=_common(spec.images for spec in specs),
        require_image_digest=any(spec.require_image_digest for spec in specs),
        timing_probe="Forbid" if any(spec.timing_probe == "Forbid" for spec in specs) else "Allow",
    )


def described(policies: Iterable[RetrainPolicy]) -> list[Ledger]:
    """The statuses that don't say yet which labels of namespaces their policy reads."""
    return [
        Ledger.of(policy, policy.status.model_copy(update={"namespace_labels": policy.spec.namespace_selector.keys}))
        for policy in policies
        if policy.status.namespace_labels != policy.spec.namespace_selector.keys
    ]


def _least(values: Iterable[Number | None]) -> Number | None:
    """The strictest of upper bounds: what isn't set doesn't bind."""
    return min((value for value in values if value is not None), default=None)


def _common(lists: Iterable[Iterable[str] | None]) -> frozenset[str] | None:
    """What stands on every list that there is."""
    given = [frozenset(each) for each in lists if each is not None]
    return frozenset.intersection(*given) if given else None


def _names(policies: Iterable[RetrainPolicy]) -> str:
    return ", ".join(policy.metadata.name for policy in policies)
