import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayRunOn } from './platform-match.ts'

test('a platform is the same in every spelling that a node takes for it', () => {
  const same: readonly (readonly [wanted: string, platform: string])[] = [
    ['linux/amd64', 'linux/amd64'],
    ['linux/amd64', 'linux/x86_64'],
    ['linux/amd64', 'linux/x86-64/v9'],
    ['linux/amd64', 'Linux/AMD64'],
    ['linux/amd64', 'amd64'],
    ['linux/amd64', '/amd64'],
    ['linux/amd64', 'linux/amd64/v3'],
    ['linux/arm64', 'linux/arm64/v8'],
    ['linux/arm64/v8', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/aarch64'],
    ['linux/arm64/v8', 'linux/arm64/8'],
    ['linux/arm/v7', 'linux/arm'],
    ['linux/arm/v7', 'linux/armhf'],
    ['linux/arm/v7', 'arm/7'],
    ['linux/arm/v6', 'linux/armel'],
    ['linux/386', 'linux/i386'],
  ]
  for (const [wanted, platform] of same)
    assert.equal(mayRunOn(wanted, platform), true, `${wanted} ${platform}`)
})

test('another one is another one', () => {
  const others: readonly (readonly [wanted: string, platform: string])[] = [
    ['linux/amd64', 'linux/arm64'],
    ['linux/amd64', 'windows/amd64'],
    ['linux/amd64', 'unknown'],
    ['linux/amd64', 'linux'],
    ['linux/arm/v7', 'linux/arm/v6'],
    ['linux/arm64', 'linux/arm'],
    ['linux/amd64', 'linux/constructor'],
    ['linux/amd64', ''],
  ]
  for (const [wanted, platform] of others)
    assert.equal(mayRunOn(wanted, platform), false, `${wanted} ${platform}`)
})
