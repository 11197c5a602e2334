// Databases and their clients.
import type { KnownProgram } from './known-program.ts'

const mysqlFiles =
  /^(?:mysqld?|mysqladmin|mysqldump|mysqlbinlog|libmysqlclient\.so[.0-9]*|xtrabackup|ndb_mgmd|ndbd|ndbmtd)$/
const mariadbFiles = /^(?:mariadbd?|mariadb-(?:admin|dump|backup)|mysqld?|libmariadbd?\.so[.0-9]*)$/

export const databases: readonly KnownProgram[] = [
  {
    name: 'mariadb',
    file: mariadbFiles,
    marks: [
      { near: '-MariaDB', pattern: /\0(?:5\.5\.5-)?([0-9]+\.[0-9]+\.[0-9]+)-MariaDB/ },
      { near: '/mariadb-', pattern: /\/mariadb-([0-9]+\.[0-9]+\.[0-9]+)[-/]/ },
    ],
  },
  {
    name: 'mysql-cluster',
    file: mysqlFiles,
    marks: [
      { near: '-ndb-', pattern: /\0[0-9]\.[0-9]\.[0-9]{2}-ndb-([0-9]+\.[0-9]+\.[0-9]+)\0/ },
      { near: '/mysql-cluster-gpl-', pattern: /\/mysql-cluster-gpl-([0-9]+\.[0-9]+\.[0-9]+)\// },
    ],
  },
  {
    name: 'percona-server',
    file: mysqlFiles,
    marks: [
      {
        near: '/percona-server-',
        pattern: /\/percona-server-([0-9]+\.[0-9]+\.[0-9]+)(?:-[0-9]+)?\//,
      },
    ],
  },
  {
    name: 'percona-xtrabackup',
    file: mysqlFiles,
    marks: [
      {
        near: '/percona-xtrabackup-',
        pattern: /\/percona-xtrabackup-([0-9]+\.[0-9]+\.[0-9]+)[-/]/,
      },
    ],
  },
  {
    name: 'percona-xtradb-cluster',
    file: mysqlFiles,
    marks: [
      {
        near: '/Percona-XtraDB-Cluster-',
        pattern: /\/Percona-XtraDB-Cluster-([0-9]+\.[0-9]+\.[0-9]+)[-/]/,
      },
    ],
  },
  {
    name: 'mysql',
    file: mysqlFiles,
    marks: [
      {
        near: '\0mysql_real_escape_string_quote\0',
        pattern: /\0([0-9]+\.[0-9]+\.[0-9]+)\0+mysql_real_escape_string_quote\0/,
      },
      { near: '/mysql-', pattern: /\/mysql-([0-9]+\.[0-9]+\.[0-9]+)\// },
    ],
  },
  {
    name: 'postgresql',
    file: /^(?:postgres|psql|pg_dump|pg_ctl|pg_restore|pg_basebackup)$/,
    marks: [
      {
        near: 'PostgreSQL ',
        pattern: /[\0?]PostgreSQL ([0-9]+(?:\.[0-9]+)*(?:(?:alpha|beta|rc)[0-9]+)?) (?:\(|on )/,
      },
      {
        near: ' (PostgreSQL) ',
        pattern: / \(PostgreSQL\) ([0-9]+(?:\.[0-9]+)*(?:(?:alpha|beta|rc)[0-9]+)?)[ \0\n]/,
      },
    ],
  },
  {
    name: 'sqlcipher',
    file: /^sqlcipher$/,
    marks: [{ near: '\0community\0', pattern: /\0community\0([0-9]+\.[0-9]+\.[0-9]+)\0/ }],
  },
  {
    name: 'sqlite',
    file: /^(?:sqlite3|libsqlite3\.so[.0-9]*|libsqlite3\.dylib|sqlite3\.dll)$/,
    marks: [{ pattern: /\0(3\.[0-9]{1,2}\.[0-9]{1,2}(?:\.[0-9])?)\0/g, isUnmarked: true }],
  },
]
