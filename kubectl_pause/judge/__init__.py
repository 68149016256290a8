"""From a JoinedNode to answers: judges return what they found and write into nothing."""
