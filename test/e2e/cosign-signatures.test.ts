// Unmodified cosign 3: what it signs and attests is verified here, and what is signed here it verifies.
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parsePublicKeys } from '../../src/lib/public-keys.ts'
import { parseDigest, type Digest } from '../../src/oci/digest.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import type { SignatureVerdict } from '../../src/signatures/outcome.ts'
import type {
  AcceptEntry,
  KeyEntry,
  KeylessEntry,
} from '../../src/signatures/sigstore/accept-entry.ts'
import {
  candidateWith,
  fallbackTags,
  findCandidates,
  type StoredManifest,
} from '../../src/signatures/sigstore/find-candidates.ts'
import {
  bundleManifest,
  imageSignatureOf,
  signBundle,
  signSimple,
  simpleManifest,
  type BundleManifest,
} from '../../src/signatures/sigstore/sign-bundle.ts'
import { readTrustedRoot } from '../../src/signatures/sigstore/trusted-root.ts'
import { verifySigstore } from '../../src/signatures/sigstore/verify-sigstore.ts'
import { openClientRegistry } from '../kit/client-registry.ts'
import { digestOf, writeImageLayout } from '../kit/image-layout.ts'
import { pushBlob, pushLayout, pushManifest } from '../kit/push-layout.ts'
import { missing, run } from '../kit/run.ts'
import {
  dsseBody,
  githubIssuer,
  imageSignature,
  imageStatement,
  issueLeaf,
  logEntry,
  makeBundle,
  newLog,
  newSigstore,
  signEnvelope,
  stamp,
  workflow,
  type BundleOptions,
} from '../kit/sigstore.ts'
import { newKeyPair } from '../kit/test-certificates.ts'

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const absent = missing('cosign')
const version =
  absent === false ? (await run('cosign', ['version'], { env: process.env })).stdout : ''
const skip =
  absent === false && !/GitVersion:\s+v3\./.test(version) ? 'cosign here is not version 3' : absent

test('cosign signs and attests, and verifies what is signed here', { skip }, async (t) => {
  const registry = await openClientRegistry(t)
  const { server, host, password } = registry
  const inside = (name: string): string => join(registry.directory, name)
  const settings = { COSIGN_PASSWORD: '', SIGSTORE_NO_CACHE: 'true' }
  const cosign = async (...args: readonly string[]): Promise<string> =>
    registry.succeed('cosign', args, { env: settings })
  const cosignFails = async (...args: readonly string[]): Promise<string> =>
    registry.fail('cosign', args, { env: settings })
  await registry.succeed('cosign', ['login', host, '-u', 'AWS', '--password-stdin'], {
    input: password,
  })
  await cosign('generate-key-pair')

  const get = async (path: string): Promise<Buffer | undefined> => {
    const basic = Buffer.from(`${server.accessKeyId}:${server.secretAccessKey}`).toString('base64')
    const headers = { authorization: `Basic ${basic}`, accept: manifestType }
    const answer = await fetch(`${server.url}/v2/${path}`, { headers })
    const body = Buffer.from(await answer.arrayBuffer())
    return answer.status === 200 ? body : undefined
  }
  const stored = async (repository: string, reference: string): Promise<StoredManifest[]> => {
    const bytes = await get(`${repository}/manifests/${reference}`)
    const read = bytes === undefined ? undefined : parseManifest(bytes, manifestType)
    const digest = parseDigest(digestOf(bytes ?? Buffer.alloc(0)))
    return read?.kind === 'parsed' && digest !== undefined
      ? [{ digest, manifest: read.manifest }]
      : []
  }
  /** As the registry will: everything beside the image, each judged by itself. */
  const judgeAll = async (
    repository: string,
    subject: Digest,
    entry: AcceptEntry,
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<readonly (SignatureVerdict & { readonly format: string })[]> => {
    const tags = fallbackTags(subject)
    const referrers = await registry.referrersOf(repository, subject)
    const found = findCandidates(subject, {
      referrers: (
        await Promise.all(referrers.map(async (each) => stored(repository, each)))
      ).flat(),
      tagged: [
        ...(await stored(repository, tags.signatures)),
        ...(await stored(repository, tags.attestations)),
      ],
    })
    return Promise.all(
      found.candidates.map(async (each) => {
        const content = await get(`${repository}/blobs/${each.layer.digest}`)
        const candidate = candidateWith(each, content ?? Buffer.alloc(0)) ?? assert.fail('blob')
        const now = Date.now()
        return {
          ...verifySigstore(candidate, { subject, entry, now, annotations }),
          format: each.format,
        }
      }),
    )
  }
  const pushImage = async (repository: string): Promise<Digest> => {
    await registry.createRepository(repository, 'MUTABLE')
    const image = await writeImageLayout(inside(repository), [{ name: repository }])
    await pushLayout(server, repository, image, '1')
    return parseDigest(image.manifestDigest) ?? assert.fail()
  }
  const pushBeside = async (
    repository: string,
    { manifest, blobs }: BundleManifest,
    reference = digestOf(manifest),
  ): Promise<void> => {
    for (const blob of blobs) await pushBlob(server, repository, digestOf(blob), blob)
    await pushManifest(server, repository, reference, manifest.toString())
  }
  const pushBundle = async (
    repository: string,
    subject: Digest,
    bundle: Buffer,
    predicateType: string,
  ): Promise<void> => {
    const bytes = (await get(`${repository}/manifests/${subject}`)) ?? assert.fail()
    const description = { mediaType: manifestType, digest: subject, size: bytes.length }
    const facts = { subject: description, predicateType, createdAt: Date.now() }
    await pushBeside(repository, bundleManifest(bundle, facts))
  }
  const keyEntry = async (file: string): Promise<KeyEntry> => {
    const keys = parsePublicKeys(await readFile(inside(file), 'utf8'))
    assert.equal(keys.kind, 'keys')
    return {
      kind: 'key',
      keys: keys.kind === 'keys' ? keys.keys.map((key) => ({ name: file, key })) : [],
      root: undefined,
      thresholds: { log: 0, time: 0 },
      acceptAttestationAsSignature: false,
    }
  }
  const own = await keyEntry('cosign.pub')
  const offline = ['--use-signing-config=false', '--tlog-upload=false', '--yes']
  const byKey = ['--key', 'cosign.key', ...offline]
  const verifyKey = (key = 'cosign.pub'): readonly string[] => [
    '--key',
    key,
    '--insecure-ignore-tlog',
  ]

  await t.test(
    'signatures by key are verified in both layouts, and nobody else’s are',
    async () => {
      const subject = await pushImage('signed')
      const image = `${host}/signed@${subject}`
      const said = ['-a', 'env=prod']
      await cosign('sign', ...byKey, ...said, image)
      await cosign('sign', ...byKey, ...said, '--new-bundle-format=false', image)
      const verdicts = await judgeAll('signed', subject, own)
      assert.deepEqual(
        verdicts.map(({ format, result }) => `${format} ${result}`).toSorted(),
        ['cosign-bundle verified', 'cosign-simple verified'],
        JSON.stringify(verdicts),
      )
      assert.equal(new Set(verdicts.map(({ keyId }) => keyId)).size, 1)
      const resultsFor = async (env: string): Promise<readonly string[]> =>
        (await judgeAll('signed', subject, own, { env })).map(({ result }) => result)
      assert.deepEqual(await resultsFor('prod'), ['verified', 'verified'])
      assert.deepEqual(await resultsFor('test'), ['untrusted', 'untrusted'])
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      await writeFile(inside('other.pub'), publicKey.export(pemFormat))
      for (const { result, reason } of await judgeAll(
        'signed',
        subject,
        await keyEntry('other.pub'),
      ))
        assert.deepEqual([result, reason], ['untrusted', 'identity-mismatch'])
    },
  )

  await t.test('attestations by key are sound, and no signatures', async () => {
    const subject = await pushImage('attested')
    const image = `${host}/attested@${subject}`
    await writeFile(inside('predicate.json'), '{"buildDefinition":{"buildType":"x"}}')
    const statement = ['--predicate', 'predicate.json', '--type', 'slsaprovenance1']
    await cosign('attest', ...byKey, ...statement, image)
    await cosign('attest', ...byKey, ...statement, '--new-bundle-format=false', image)
    const verdicts = await judgeAll('attested', subject, own)
    assert.deepEqual(
      verdicts.map(({ format, result, reason }) => `${format} ${result} ${reason}`).toSorted(),
      ['cosign-bundle none unsigned', 'cosign-dsse none unsigned'],
    )
    const accepting = { ...own, acceptAttestationAsSignature: true }
    for (const { result } of await judgeAll('attested', subject, accepting))
      assert.equal(result, 'verified')
  })

  await t.test('referrers as cosign 2 wrote them are found, too', async () => {
    const subject = await pushImage('experimental')
    const image = `${host}/experimental@${subject}`
    const layout = ['--new-bundle-format=false', '--registry-referrers-mode=oci-1-1']
    const experimental = { env: { ...settings, COSIGN_EXPERIMENTAL: '1' } }
    await registry.succeed('cosign', ['sign', ...byKey, ...layout, image], experimental)
    const verdicts = await judgeAll('experimental', subject, own)
    assert.deepEqual(
      verdicts.map(({ format, result }) => `${format} ${result}`),
      ['cosign-simple verified'],
    )
  })

  await t.test('what is signed here, cosign verifies with the key', async () => {
    const keys: Readonly<Record<string, KeyObject>> = {
      p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
      p384: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
      ed25519: generateKeyPairSync('ed25519').privateKey,
      rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
    }
    const subject = await pushImage('ours')
    const image = `${host}/ours@${subject}`
    for (const [name, key] of Object.entries(keys)) {
      await writeFile(inside(`${name}.pub`), createPublicKey(key).export(pemFormat))
      const statement = imageSignatureOf(subject, { env: 'prod' })
      await pushBundle('ours', subject, signBundle(key, statement), statement.predicateType)
      const layer = signSimple(key, subject, {
        reference: `${host}/ours`,
        optional: { env: 'prod' },
      })
      await pushBeside('ours', simpleManifest([layer]), fallbackTags(subject).signatures)
      const args = ['verify', ...verifyKey(`${name}.pub`), '-a', 'env=prod']
      await cosign(...args, image)
      await cosign(...args, '--new-bundle-format=false', image)
      const verdicts = await judgeAll('ours', subject, await keyEntry(`${name}.pub`))
      assert.equal(verdicts.filter(({ result }) => result === 'verified').length, 2)
    }
    assert.match(await cosignFails('verify', ...verifyKey(), image), /no matching/)
    const other = [...verifyKey('p256.pub'), '-a', 'env=test']
    assert.match(await cosignFails('verify', ...other, image), /annotation/)
    const predicate = { buildDefinition: { buildType: 'https://example.com/build' } }
    const provenance = { subject, predicateType: 'https://slsa.dev/provenance/v1', predicate }
    const bundle = signBundle(keys['p256'] ?? assert.fail(), provenance)
    await pushBundle('ours', subject, bundle, provenance.predicateType)
    const type = ['--type', 'slsaprovenance1']
    await cosign('verify-attestation', ...verifyKey('p256.pub'), ...type, image)
  })

  await t.test('a keyless signature of a private sigstore: cosign and we agree', async () => {
    const sigstore = newSigstore(Date.now())
    await writeFile(inside('trusted_root.json'), JSON.stringify(sigstore.trustedRoot))
    const reading = readTrustedRoot('private', await readFile(inside('trusted_root.json')))
    const root = reading.kind === 'root' ? reading.root : assert.fail(reading.reason)
    const entry: KeylessEntry = {
      kind: 'keyless',
      root,
      issuer: githubIssuer,
      subject: workflow,
      thresholds: { log: 1, time: 1, certificateLog: 1 },
      acceptAttestationAsSignature: false,
    }
    const identity = (name: string): readonly string[] => [
      '--trusted-root',
      'trusted_root.json',
      '--certificate-oidc-issuer',
      githubIssuer,
      '--certificate-identity',
      name,
    ]
    const push = async (name: string, bundleOf: (subject: Digest) => object): Promise<Digest> => {
      const subject = await pushImage(name)
      const bundle = Buffer.from(JSON.stringify(bundleOf(subject)))
      await pushBundle(name, subject, bundle, imageSignature)
      return subject
    }
    const good = await push('keyless', (subject) => makeBundle(sigstore, subject))
    await cosign('verify', ...identity(workflow), `${host}/keyless@${good}`)
    const [verdict] = await judgeAll('keyless', good, entry)
    assert.equal(verdict?.result, 'verified', JSON.stringify(verdict))
    const stamped = await push('stamped', (subject) =>
      makeBundle(sigstore, subject, {
        stamps: (made) => [stamp(sigstore, made.signature, Date.now())],
      }),
    )
    await cosign(
      'verify',
      ...identity(workflow),
      '--use-signed-timestamps',
      `${host}/stamped@${stamped}`,
    )
    assert.equal((await judgeAll('stamped', stamped, entry))[0]?.result, 'verified')
    const someone = workflow.replace('acme', 'acmee')
    await cosignFails('verify', ...identity(someone), `${host}/keyless@${good}`)

    const wrong: Readonly<Record<string, readonly [string, (subject: Digest) => object]>> = {
      'wrong-subject': ['subject-mismatch', () => makeBundle(sigstore, good)],
      'wrong-log': [
        'transparency',
        (subject) => {
          const entries: BundleOptions['entries'] = (made, pem) => [
            logEntry(newLog('rekor.sigstore.test'), dsseBody(made, pem), { at: sigstore.now }),
          ]
          return makeBundle(sigstore, subject, { entries })
        },
      ],
      'wrong-root': [
        'chain-not-in-store',
        (subject) => {
          const leaf = issueLeaf(sigstore, { issuedBy: newSigstore(Date.now()).intermediate })
          return makeBundle(sigstore, subject, { leaf })
        },
      ],
      'wrong-certificate-log': [
        'transparency',
        (subject) => {
          const leaf = issueLeaf(sigstore, { certificateLog: newLog('ctfe.sigstore.test') })
          return makeBundle(sigstore, subject, { leaf })
        },
      ],
      'wrong-payload': [
        'transparency',
        (subject) => {
          const bundle = makeBundle(sigstore, good)
          const payload = Buffer.from(JSON.stringify(imageStatement(subject))).toString('base64')
          return { ...bundle, dsseEnvelope: { ...bundle.dsseEnvelope, payload } }
        },
      ],
      'wrong-entry': [
        'transparency',
        (subject) => {
          const elsewhere = signEnvelope(newKeyPair().privateKey, imageStatement(subject))
          const entries: BundleOptions['entries'] = (_, pem) => [
            logEntry(sigstore.log, dsseBody(elsewhere, pem), { at: sigstore.now }),
          ]
          return makeBundle(sigstore, subject, { entries })
        },
      ],
    }
    for (const [name, [reason, bundleOf]] of Object.entries(wrong)) {
      const subject = await push(name, bundleOf)
      const [judged] = await judgeAll(name, subject, entry)
      assert.equal(judged?.reason, reason, `${name}: ${JSON.stringify(judged)}`)
      await cosignFails('verify', ...identity(workflow), `${host}/${name}@${subject}`)
    }
  })
})

const pemFormat = { type: 'spki', format: 'pem' } as const
