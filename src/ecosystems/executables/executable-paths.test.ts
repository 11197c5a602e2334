import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayBeExecutable } from './executable-paths.ts'

const programs = [
  'app/server',
  'main',
  'opt/tool/bin/tool-1.2.3',
  'opt/tool/tool.linux-amd64',
  'usr/bin/[',
  'usr/bin/python3.11',
  'usr/sbin/mkfs.cramfs',
  'usr/lib/x86_64-linux-gnu/libcrypto.so.3',
  'usr/lib/libpython3.11.so.1.0',
  'srv/app/node_modules/better-sqlite3/build/Release/better_sqlite3.node',
  'usr/share/grafana/bin/grafana',
  'home/user/go/bin/dlv',
  'app/Server.EXE',
  'usr/local/go/pkg/tool/linux_amd64/compile',
]
const others = [
  'app/server.py',
  'app/node_modules/left-pad/LICENSE',
  'app/node_modules/left-pad/README.md',
  'app/.gitignore',
  'app/.git/objects/ab/cdef0123',
  'etc/passwd',
  'usr/bin/activate.sh',
  'usr/share/doc/bash/copyright',
  'usr/share/man/man1/ls.1',
  'usr/share/zoneinfo/Europe/Berlin',
  'usr/share/terminfo/x/xterm',
  'var/lib/dpkg/info/base-files.list',
  'usr/lib/python3/dist-packages/requests-2.31.0.dist-info/RECORD',
  'lib/modules/6.1.0/kernel/net/tls.ko',
  'boot/vmlinuz-6.1.0',
  'root/go/pkg/mod/golang.org/x/sys@v0.1.0/windows/testdata/signed.exe',
]

test('programs and libraries are looked at wherever people put them', () => {
  assert.deepEqual(
    programs.filter((path) => !mayBeExecutable(path)),
    [],
  )
})

test('data that systems and packages bring is not', () => {
  assert.deepEqual(others.filter(mayBeExecutable), [])
})
