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
/** Where data lie, and under the names of texts: whoever hides a program puts it there. */
const hidden = [
  'etc/cron.daily/update',
  'usr/share/doc/bash/copyright',
  'usr/share/zoneinfo/Europe/Berlin',
  'var/cache/apt/helper',
  'lib/firmware/x.bin',
  'boot/loader',
  'app/node_modules/left-pad/LICENSE',
  'app/.git/objects/ab/cdef0123',
  'app/testdata/server',
  'usr/lib/python3/dist-packages/x-1.dist-info/RECORD',
]
const others = [
  'app/server.py',
  'app/node_modules/left-pad/README.md',
  'app/.gitignore',
  'usr/bin/activate.sh',
  'etc/nginx/nginx.conf',
  'usr/share/man/man1/ls.1.gz',
  'var/lib/dpkg/info/base-files.list',
  'usr/share/locale/de/LC_MESSAGES/bash.mo',
  'lib/modules/6.1.0/kernel/net/tls.ko',
  'proc/self/exe',
  'dev/shm/server',
  'root/go/pkg/mod/golang.org/x/sys@v0.1.0/windows/testdata/signed.exe',
  'usr/local/go/src/debug/elf/testdata/gcc-amd64-linux-exec',
]

test('programs and libraries are looked at wherever people put them', () => {
  assert.deepEqual(
    programs.filter((path) => !mayBeExecutable(path)),
    [],
  )
})

test('programs are looked for where data lie, too', () => {
  assert.deepEqual(
    hidden.filter((path) => !mayBeExecutable(path)),
    [],
  )
})

test('texts, and what nothing runs, are not', () => {
  assert.deepEqual(others.filter(mayBeExecutable), [])
})
