"""Turns the lines of `stores` (`LOAD SERVER {json}`) into its figures: medians over the runs of the ratios of each run."""
import json
import sys
from statistics import median

runs = {}
for line in sys.stdin:
    load, server, text = line.strip().split(" ", 2)
    try:
        runs.setdefault((load, server), []).append(json.loads(text))
    except ValueError:
        sys.exit(f"{load} of {server} failed: {text}")


def show(what, load, key, server="callboard"):
    theirs, mine = ([run[key] for run in runs[load, who]] for who in ("feathers", server))
    ratio = median(a / b for a, b in zip(mine, theirs))
    print(f"{what:58}{median(theirs):>12.1f}{median(mine):>12.1f}{ratio:>9.2f}x")


print(f"{'':58}{'Feathers':>12}{'Callboard':>12}{'ratio':>10}")
show("creates, 100 listeners: events a second", "create", "deliveries_per_s")
show("creates, 100 listeners: CPU us an event", "create", "server_cpu_us_per_delivery")
show("the same without an outbox: events a second", "create", "deliveries_per_s", "without-outbox")
show("finds of 10 by an indexed field: calls a second", "find", "calls_per_s")
show("finds of 10 by an indexed field: CPU us a call", "find", "server_cpu_us_per_call")
cpu = "server_cpu_us_per_delivery"
floor, plain, ruled = ([run[cpu] for run in runs["steady", who]] for who in ("floor", "plain", "ruled"))
added = median((r - p) / base for r, p, base in zip(ruled, plain, floor))
print(f"company rule, 1,000 listeners: CPU us a delivery: floor {median(floor):.2f}, without {median(plain):.2f}, with {median(ruled):.2f}; "
      f"the rule adds {added:.2f}x the floor")
lost, disordered = (max(run[key] for (load, _), all_runs in runs.items() if load != "find" for run in all_runs) for key in ("lost", "disordered"))
print(f"lost {lost}, disordered {disordered}, runs {len(runs['find', 'callboard'])}")
