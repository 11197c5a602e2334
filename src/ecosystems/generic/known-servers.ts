// Servers, and what stands before them.
import { aloneGo, type KnownProgram } from './known-program.ts'

export const servers: readonly KnownProgram[] = [
  {
    name: 'arangodb',
    file: /^arango(?:d|sh|dump|restore|import|bench|export|inspect|backup)$/,
    marks: [
      {
        near: ' [linux]',
        pattern: /\0([0-9]+\.[0-9]+\.[0-9]+(?:-[0-9]+)?)(?: enterprise)? \[linux\]\0/,
      },
    ],
  },
  {
    name: 'consul',
    file: /^consul$/,
    marks: [
      {
        near: 'CONSUL_VERSION: ',
        pattern: /CONSUL_VERSION: ([0-9]+\.[0-9]+\.[0-9]+(?:-[a-z]+[0-9]*)?)\s/,
      },
      {
        near: '/version.GitDescribe=',
        pattern: /consul\/version\.GitDescribe=v?([0-9]+\.[0-9]+\.[0-9]+)["\s]/,
      },
      { pattern: aloneGo, isUnmarked: true },
    ],
  },
  {
    name: 'fluent-bit',
    file: /^fluent-bit$/,
    marks: [
      {
        near: 'Fluent Bit v%s',
        pattern: /\0([0-9]+\.[0-9]+\.[0-9]+)\0[^%]{0,16}(?:%s)?Fluent Bit v%s/,
      },
    ],
  },
  {
    name: 'grafana',
    file: /^grafana(?:-server|-cli)?$/,
    marks: [{ pattern: aloneGo, isUnmarked: true }],
  },
  {
    name: 'haproxy',
    file: /^haproxy$/,
    marks: [
      {
        near: 'HAProxy version follows',
        pattern:
          /\0([0-9]+\.[0-9]+(?:\.[0-9]+|-dev[0-9]+))(?:-[0-9a-f]{6,40}|-[0-9][\w.+~-]*)?\0+(?:HA-?Proxy version follows)/,
      },
      {
        near: ', released 20',
        pattern: / version ([0-9]+\.[0-9]+(?:\.[0-9]+|-dev[0-9]+)), released 20/,
      },
      { near: 'HA-Proxy version ', pattern: /HA-Proxy version ([0-9]+\.[0-9]+\.[0-9]+) 20/ },
    ],
  },
  {
    name: 'heimdal',
    file: /^(?:libkrb5\.so\.26[.0-9]*|libgssapi\.so[.0-9]*|kdc)$/,
    marks: [
      { near: '$Version: Heimdal ', pattern: /\$Version: Heimdal ([0-9]+\.[0-9]+\.[0-9]+) \$/ },
    ],
  },
  {
    name: 'httpd',
    file: /^(?:httpd|apache2)$/,
    marks: [{ near: 'Apache/', pattern: /\0Apache\/([0-9]+\.[0-9]+\.[0-9]+)[ \0]/ }],
  },
  {
    name: 'istio',
    file: /^pilot-(?:agent|discovery)$/,
    marks: [{ pattern: aloneGo, isUnmarked: true }],
  },
  {
    name: 'ingress-nginx',
    file: /^nginx-ingress-controller$/,
    marks: [{ pattern: aloneGo, isUnmarked: true }],
  },
  {
    name: 'krb5',
    file: /^(?:libkrb5(?:support)?\.so[.0-9]*|krb5kdc|kadmind)$/,
    marks: [
      {
        near: 'KRB5_BRAND: ',
        pattern: /KRB5_BRAND: krb5-[\w.-]+ ([0-9]+\.[0-9]+(?:\.[0-9]+)?) [0-9]{8}/,
      },
    ],
  },
  {
    name: 'lighttpd',
    file: /^lighttpd$/,
    marks: [{ near: 'lighttpd/', pattern: /\0lighttpd\/([0-9]+\.[0-9]+\.[0-9]+)\0/ }],
  },
  {
    name: 'memcached',
    file: /^memcached$/,
    marks: [{ near: '\0memcached ', pattern: /\0memcached ([0-9]+\.[0-9]+\.[0-9]+)\0/ }],
  },
  {
    name: 'mongodb',
    file: /^(?:mongod|mongos|mongo)$/,
    marks: [
      { near: '\0tcmalloc\0', pattern: /\0([0-9]+\.[0-9]+\.[0-9]+)\0tcmalloc\0/ },
      {
        near: '\0heap_size\0',
        pattern: /dStartupOptionSetup\0([0-9]+\.[0-9]+\.[0-9]+)\0heap_size\0/,
      },
      {
        near: '\0cppdefines\0',
        pattern: /ParameterDocuments\0([0-9]+\.[0-9]+\.[0-9]+)\0cppdefines\0/,
      },
    ],
  },
  {
    name: 'openresty',
    file: /^(?:nginx|openresty)$/,
    marks: [
      {
        near: 'nginx version: openresty/',
        pattern: /nginx version: openresty\/([0-9]+(?:\.[0-9]+){2,3})/,
      },
    ],
  },
  {
    name: 'nginx',
    file: /^nginx(?:-debug|\.exe)?$/,
    marks: [
      { near: 'nginx version: nginx/', pattern: /nginx version: nginx\/([0-9]+\.[0-9]+\.[0-9]+)/ },
    ],
  },
  {
    name: 'openldap',
    file: /^(?:slapd|ldapsearch|ldapmodify|ldapadd|libldap[-.0-9]*\.so[.0-9]*)$/,
    marks: [
      {
        near: '$OpenLDAP: ',
        pattern: /\$OpenLDAP: [\w.-]+ ([0-9]+\.[0-9]+\.[0-9]+)(?:\+[\w.+~-]*)? \(/,
      },
    ],
  },
  {
    name: 'proftpd',
    file: /^proftpd$/,
    marks: [
      {
        near: 'ProFTPD Version ',
        pattern: /ProFTPD Version ([0-9]+\.[0-9]+\.[0-9]+(?:[a-z]|rc[0-9]+)?)\0/,
      },
    ],
  },
  ...['redis', 'valkey'].map((name): KnownProgram => ({
    name,
    file:
      name === 'redis'
        ? /^redis-(?:server|sentinel|check-rdb|check-aof)$/
        : /^valkey-(?:server|sentinel|check-rdb|check-aof)$/,
    marks: [
      { near: 'Redis version ', pattern: /Server started, Redis version ([0-9]+\.[0-9]+\.[0-9]+)/ },
      // Version, host's name and time run into one; a container's name has twelve digits of base 16.
      { pattern: /([0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,2})[0-9a-f]{12}-[0-9]{10,19}\0/ },
      // Without a host's name: seconds since 1970 and nine zeros.
      { near: '000000000\0', pattern: /([0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,2})1[0-9]{9}0{9}\0/ },
      {
        pattern:
          /([0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,2})(?:buildkitsandbox|localhost|[g-z][\w.-]{0,63})-[0-9]{10,19}\0/,
      },
    ],
  })),
  { name: 'traefik', file: /^traefik$/, marks: [{ pattern: aloneGo, isUnmarked: true }] },
  { name: 'vault', file: /^vault$/, marks: [{ pattern: aloneGo, isUnmarked: true }] },
]
