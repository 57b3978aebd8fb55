"""Where the judge is not followed, entry by entry, each with its reason: a short list, and it is to get shorter."""

__all__ = ["CONTRADICTED"]

# Entries whose forward mode says something else than their own reverse mode, which we agree with: there our tangent is held
# against the judge's gradient, ⟨upstream, our tangent⟩ = ⟨its gradient, tangent⟩, and not against its tangent.
CONTRADICTED = {
    "cholesky_inverse": "its tangent is off in the fifth digit",
    "logcumsumexp": "its tangent is off in the sixth digit",
    "triangular_solve": "its tangent leaves out how the matrix moves the solution",
}
