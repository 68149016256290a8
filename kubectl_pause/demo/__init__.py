"""`demo`: a pod made by hand on this host from namespaces and small processes, looked at with the ordinary views, and removed.

`pause.py` is a pause of its own right (`python -m kubectl_pause.demo.pause`). `pod_processes.py` is what the pod's processes do,
`hand_made_pod.py` how the demo makes and removes them, `story.py` what it tells, `claims.py` how each sentence is held to a report.
"""
