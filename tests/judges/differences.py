"""Where the judge is not followed, entry by entry, each with its reason: a short list, and it is to get shorter."""

__all__ = ["CONTRADICTED"]

# Entries whose forward mode says something else than their own reverse mode, which we agree with: there our tangent is held
# against the judge's gradient, ⟨upstream, our tangent⟩ = ⟨its gradient, tangent⟩, and not against its tangent.
CONTRADICTED = {
    "cholesky_inverse": "its tangent is off in the fifth digit",
    "logcumsumexp": "its tangent is off in the sixth digit",
    "masked.log_softmax": "its tangent is NaN where all of a row is masked, its gradient is 0",
    "masked.logaddexp": "its tangent is NaN where both numbers are masked, its gradient is 0",
    "masked.logsumexp": "its tangent is NaN where all is masked, its gradient is 0",
    "masked.mean": "its tangent is NaN where all is masked, its gradient is 0",
    "masked.softmax": "its tangent is NaN where all of a row is masked, its gradient is 0",
    "masked.softmin": "its tangent is NaN where all of a row is masked, its gradient is 0",
    "triangular_solve": "its tangent leaves out how the matrix moves the solution",
}
