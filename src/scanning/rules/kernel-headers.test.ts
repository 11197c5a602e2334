import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isKernelHeaders } from './kernel-headers.ts'

const cases: readonly (readonly [
  type: string,
  name: string,
  source: string | undefined,
  expected: boolean,
])[] = [
  ['deb', 'linux-libc-dev', 'linux', true],
  ['deb', 'linux-headers-6.1.0-18-amd64', 'linux', true],
  ['deb', 'linux-aws-headers-4.15.0-1054', 'linux-aws', true],
  ['rpm', 'kernel-headers', 'kernel', true],
  ['rpm', 'kernel-devel', 'kernel', true],
  ['rpm', 'kernel-uek-devel', 'kernel-uek', true],
  ['deb', 'linux-image-6.1.0-18-amd64', 'linux', false],
  ['deb', 'linux-modules-4.15.0-101-generic', 'linux', false],
  ['deb', 'linux-tools-common', 'linux', false],
  ['deb', 'linux-libc-dev', 'linuxptp', false],
  ['deb', 'linux-libc-dev', undefined, false],
  ['rpm', 'kernel-core', 'kernel', false],
  ['rpm', 'kernel-modules', 'kernel', false],
  ['rpm', 'kernel-headers', 'glibc', false],
  ['npm', 'linux-libc-dev', 'linux', false],
]

for (const [type, name, source, expected] of cases)
  test(`${type} ${name} of ${source ?? 'no source'} is ${expected ? '' : 'not '}kernel headers`, () => {
    const found = { type, name, version: '1' }
    const given =
      source === undefined ? found : { ...found, source: { name: source, version: '1' } }
    assert.equal(isKernelHeaders(given), expected)
  })
