"""corekit's decisions as a counter of Prometheus: https://prometheus.github.io/client_python/"""

from .counter import PrometheusCounter

__all__ = ["PrometheusCounter"]
