"""The YAML of an export for Envoy, as templates: `envoy` fills them in."""

from __future__ import annotations

from typing import Final

HEAD: Final = """\
# The filter is for http_filters, before all others. The routes are for each virtual host, before
# all others.
"""
HEAD_OF_RUNTIME: Final = """\
# The layer of runtime is for the bootstrap: without it, routes read only short regular expressions.
"""
HEAD_OF_NAMED: Final = """\
# The filter is disabled. Enable it in each route that the policy covers, and replace `prefix: /` in
# the routes of the file by the path of that route.
"""
RUNTIME: Final = """\
layered_runtime:
  layers:
  - name: cors
    static_layer:
      re2.max_program_size.error_level: 4294967295

"""
FILTER: Final = """\
# The headers of the application are replaced by those of the policy.
- name: {prefix}
{disabled}  typed_config:
{config}"""
DISABLED: Final = "  disabled: true\n"
COMPOSITE: Final = """\
"@type": type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher
extension_config:
  name: composite
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.composite.v3.Composite
xds_matcher:
  matcher_list:
    matchers:
    - predicate:
        single_predicate:
          input:
            name: origin
            typed_config:
              "@type": type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput
              header_name: origin
          value_match:
            safe_regex:
              google_re2: {{}}
              regex: &{prefix}_origins "\\
{regex}
      on_match:
{allowed}  on_no_match:
{denied}"""
ACTION: Final = """\
action:
  name: {name}
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.composite.v3.ExecuteFilterAction
    typed_config:
      name: {name}
      typed_config:
{config}"""
MUTATION: Final = """\
"@type": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation
mutations:
  response_mutations:
"""
REMOVE: Final = "{remove_on_match: {key_matcher: {prefix: access-control-}}}"

HEAD_OF_ROUTES: Final = """\
# Preflights do not reach the application. If another filter refuses them, disable it here too.
"""
ROUTE: Final = """\
- match:
    prefix: /
    headers:
    - {{name: ":method", string_match: {{exact: OPTIONS}}}}
    - {{name: access-control-request-method, present_match: true}}
    - {{name: origin, {origin}}}
  direct_response: {response}
  typed_per_filter_config:
    {prefix}: {{"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}}
  response_headers_to_add:
"""
PRESENT: Final = "present_match: true"
ALLOWED: Final = "string_match: {{safe_regex: {{regex: *{prefix}_origins}}}}"

NETWORK: Final = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
STANDALONE: Final = """\
# Run it: envoy --disable-hot-restart -c envoy.yaml

{runtime}static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: 8080}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": {network}.HttpConnectionManager
          stat_prefix: cors
          http_filters:
{filter}          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
          route_config:
            virtual_hosts:
            - name: application
              domains: ["*"]
              routes:
{routes}              - match: {{prefix: /}}
                route: {{cluster: application}}
{enabled}
  clusters:
  - name: application
    type: {type}
    load_assignment:
      cluster_name: application
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: "{host}", port_value: {port}}}}}}}
"""
ENABLED: Final = """\
                typed_per_filter_config:
                  {prefix}:
                    "@type": type.googleapis.com/envoy.config.route.v3.FilterConfig
                    config: {{}}
"""
TLS: Final = """\
    # The certificate is not verified.
    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        sni: "{host}"
"""
