"""One question, one answer: whose a pid, an id, a namespace or an address is."""
