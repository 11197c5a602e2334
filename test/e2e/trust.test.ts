// Signatures that unmodified notation and cosign make, judged by the server and by our own command line.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openClientRegistry } from '../kit/client-registry.ts'
import { writeImageLayout } from '../kit/image-layout.ts'
import { authorizationOf, pushLayout } from '../kit/push-layout.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { program } from '../kit/server-process.ts'

const absent = missing('notation') === false ? missing('cosign') : missing('notation')

test('trust, from a store to a verdict', { skip: absent }, async (t) => {
  const registry = await openClientRegistry(t)
  const { server, host, password } = registry
  const inside = (name: string): string => join(registry.directory, name)
  const pratique = async (...args: readonly string[]): Promise<Finished> =>
    run(process.execPath, [program, ...args], { env: server.environment })
  const does = async (...args: readonly string[]): Promise<string> => {
    const done = await pratique(...args)
    assert.equal(done.status, 0, `${args.join(' ')}\n${done.stdout}${done.stderr}`)
    return done.stdout
  }
  const cosign = async (...args: readonly string[]): Promise<string> =>
    registry.succeed('cosign', args, { env: { COSIGN_PASSWORD: '', SIGSTORE_NO_CACHE: 'true' } })
  const notation = async (...args: readonly string[]): Promise<string> =>
    registry.succeed('notation', args)
  await registry.createRepository('prod/app', 'MUTABLE')
  const digests = new Map<string, string>()
  for (const tag of ['notation', 'bundle', 'legacy', 'stranger', 'unsigned']) {
    const image = await writeImageLayout(inside(tag), [{ 'etc/tag': tag }])
    await pushLayout(server, 'prod/app', image, tag)
    digests.set(tag, image.manifestDigest)
  }
  const at = (tag: string): string => `${host}/prod/app@${digests.get(tag) ?? ''}`
  await cosign('login', host, '-u', 'AWS', '-p', password)
  await cosign('generate-key-pair')
  await cosign('generate-key-pair', '--output-key-prefix', 'stranger')
  await notation('cert', 'generate-test', '--default', 'e2e.test')
  const certificate = inside('home/config/notation/truststore/x509/ca/e2e.test/e2e.test.crt')

  const policy = {
    version: 1,
    name: 'release',
    repositories: ['prod/*'],
    accept: [
      {
        id: 'ci',
        notation: {
          stores: ['ca:e2e'],
          identities: ['x509.subject: C=US, ST=WA, L=Seattle, O=Notary, CN=e2e.test'],
        },
      },
      { id: 'key', cosignKey: { key: 'release' } },
    ],
  }
  await writeFile(inside('release.json'), JSON.stringify(policy))

  await t.test('stores, keys and a policy are put', async () => {
    await does('trust', 'store', 'add', 'ca:e2e', certificate)
    await does('trust', 'key', 'add', 'release', inside('cosign.pub'))
    const put = await does('trust', 'set', inside('release.json'))
    assert.match(put, /release: version 1 is in force/)
  })

  await t.test(
    'signs: notation, cosign with a bundle, cosign with a tag, and a stranger',
    async () => {
      const account = ['--insecure-registry', '-u', 'AWS', '-p', password]
      await notation('sign', ...account, at('notation'))
      const offline = ['--use-signing-config=false', '--tlog-upload=false', '--yes']
      await cosign('sign', '--key', 'cosign.key', ...offline, at('bundle'))
      await cosign(
        'sign',
        '--key',
        'cosign.key',
        ...offline,
        '--new-bundle-format=false',
        at('legacy'),
      )
      await cosign('sign', '--key', 'stranger.key', ...offline, at('stranger'))
    },
  )

  const served = async (tag: string): Promise<string> => {
    const query = new URLSearchParams({
      repository: 'prod/app',
      digest: digests.get(tag) ?? '',
      trust: 'release',
    })
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const headers = { authorization: authorizationOf(server) }
      const answer = await fetch(`${server.url}/pratique/v1/evidence?${query.toString()}`, {
        headers,
      })
      const { evidence } = (await answer.json()) as {
        readonly evidence: readonly { readonly result: string; readonly reason?: string }[]
      }
      const [found] = evidence
      if (found !== undefined && found.result !== 'unknown')
        return `${found.result} ${found.reason ?? ''}`.trim()
      await delay(100)
    }
    return 'still unknown'
  }
  const expected = {
    notation: 'verified',
    bundle: 'verified',
    legacy: 'verified',
    stranger: 'untrusted identity-mismatch',
    unsigned: 'none unsigned',
  } as const

  await t.test('the server says who is verified, and verify here says the same', async () => {
    for (const [tag, outcome] of Object.entries(expected))
      assert.equal(await served(tag), outcome, tag)
    for (const tag of ['notation', 'legacy', 'stranger'] as const) {
      const here = await pratique('verify', `prod/app:${tag}`, '-o', 'json')
      const outcome = expected[tag]
      assert.equal(here.status, outcome === 'verified' ? 0 : 3, here.stdout + here.stderr)
      const { result, reason } = JSON.parse(here.stdout) as {
        readonly result: string
        readonly reason?: string
      }
      assert.equal(`${result} ${reason ?? ''}`.trim(), outcome)
    }
    const told = await pratique('verify', 'prod/app:unsigned', '--server')
    assert.equal(told.status, 3, told.stderr)
    assert.match(told.stdout, /none \(unsigned\) under release/)
  })

  await t.test('signatures are shown with their results', async () => {
    assert.match(
      await does('signatures', 'prod/app:stranger'),
      /cosign-bundle\s+release\s+key\s+untrusted \(identity-mismatch\)/,
    )
  })

  await t.test('a draft tells what it would take away, and takes nothing', async () => {
    const draft = { ...policy, accept: policy.accept.slice(0, 1) }
    await writeFile(inside('draft.json'), JSON.stringify(draft))
    const tested = await pratique('trust', 'test', inside('draft.json'))
    assert.equal(tested.status, 3, tested.stderr)
    assert.match(
      tested.stdout,
      /4 images judged, 2 change: 0 would be verified, 2 would not be any more/,
    )
    assert.equal(await served('bundle'), 'verified')
  })

  await t.test('a revoked key counts no more, at once', async () => {
    await does(
      'trust',
      'key',
      'add',
      'release',
      inside('cosign.pub'),
      '--revoked-from',
      '2020-01-01',
    )
    assert.match(await served('bundle'), /^revoked/)
    assert.equal(await served('notation'), 'verified')
  })

  await t.test("notation's own policy comes in and goes out as it was", async () => {
    const document = {
      version: '1.0',
      trustPolicies: [
        {
          name: 'from notation',
          registryScopes: [`${host}/prod/app`],
          signatureVerification: { level: 'strict' },
          trustStores: ['ca:e2e'],
          trustedIdentities: ['*'],
        },
      ],
    }
    await writeFile(inside('trustpolicy.json'), JSON.stringify(document))
    await does('trust', 'import-notation', inside('trustpolicy.json'))
    await does('trust', 'delete', 'release')
    assert.deepEqual(JSON.parse(await does('trust', 'export-notation')), document)
  })
})
