// Names of components that Bitnami's database of vulnerabilities has records of (bitnami/vulndb, data/*). About the others
// (geos, render-template, os-shell) it says nothing, and their silence would look like safety.
export const componentsWithRecords: ReadonlySet<string> = new Set(
  `
  activemq airflow alertmanager apache apisix appsmith apr arangodb argo-cd argo-workflows
  aspnet-core authentik azure-cli bpftool brotli cassandra ceph cert-manager checkov cilium
  cilium-operator clickhouse composer concourse consul contour cosign couchdb crossplane
  discourse django docker-cli dotnet dotnet-sdk drupal ejbca elasticsearch elk envoy
  envoy-gateway etcd flink fluent-bit fluentd flux gdal ghost git git-lfs gitea gitlab
  gitlab-runner golang gradle grafana grafana-image-renderer grafana-pyroscope gulp handlebars
  haproxy harbor helm hubble-relay hyperledger-fabric-orderer hyperledger-fabric-peer
  hyperledger-fabric-tools influxdb jaeger java java-min jenkins joomla jre
  jupyter-base-notebook jupyter-notebook jupyterhub jupyterlab kafka keydb kibana kustomize
  kyverno libmaxminddb libmemcached libphp libpython logstash lua magento mariadb mariadb-galera
  mariadb-min mastodon maven memcached milvus minio mlflow mod_wsgi modsecurity modsecurity2
  mongodb mongoose moodle mysql-client mysql-shell nats neo4j nextcloud nginx nginx-agent
  nginx-gateway nginx-gateway-fabric nifi node node-min oauth2-proxy odoo openbao openblas
  openldap openresty opentelemetry-collector oras parse passenger passenger-apache-module
  passenger-nginx-module pebble pgbouncer pgpool php php-min phpmailer phpmyadmin pillow
  pinniped postgresql postgresql-jdbc-driver powershell prometheus protobuf python python-min
  pytorch rabbitmq rabbitmq-c rclone redis redmine ruby ruby-min rum sass scylladb
  sealed-secrets seaweedfs setuptools solr spark sqlite superset syncthing temporal tensorflow
  thrift tomcat valkey varnish vault virtualenv wildfly wiremock wordpress wordpress-multisite
  wp-cli zookeeper
`
    .trim()
    .split(/\s+/),
)
