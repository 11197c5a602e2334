import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf, type Digest } from '../../oci/digest.ts'
import { parseManifest } from '../../oci/manifest.ts'
import {
  candidateWith,
  fallbackTags,
  findCandidates,
  isBeyondLimit,
  type FoundBesideImage,
  type StoredManifest,
} from './find-candidates.ts'

const subject = digestOf(Buffer.from('image'))
const other = digestOf(Buffer.from('other'))
const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json'
const simple = 'application/vnd.dev.cosign.simplesigning.v1+json'
const dsse = 'application/vnd.dsse.envelope.v1+json'
const signature = 'dev.cosignproject.cosign/signature'

interface Layer {
  readonly mediaType: string
  readonly content: string
  readonly annotations?: Readonly<Record<string, string>>
}

function manifestOf(
  layers: readonly Layer[],
  {
    about,
    artifactType,
    annotations,
  }: {
    readonly about?: Digest
    readonly artifactType?: string
    readonly annotations?: object
  } = {},
): StoredManifest {
  const describe = (mediaType: string, content: string, rest = {}): object => ({
    mediaType,
    digest: digestOf(Buffer.from(content)),
    size: content.length,
    ...rest,
  })
  const body = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    ...(artifactType === undefined ? {} : { artifactType }),
    config: describe('application/vnd.oci.empty.v1+json', '{}'),
    layers: layers.map(({ mediaType, content, annotations: notes = {} }) =>
      describe(mediaType, content, { annotations: notes }),
    ),
    ...(about === undefined
      ? {}
      : {
          subject: {
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            digest: about,
            size: 5,
          },
        }),
    ...(annotations === undefined ? {} : { annotations }),
  }
  const bytes = Buffer.from(JSON.stringify(body))
  const read = parseManifest(bytes, undefined)
  return read.kind === 'parsed'
    ? { digest: digestOf(bytes), manifest: read.manifest }
    : assert.fail(read.reason)
}

const formatsOf = ({ candidates }: FoundBesideImage): readonly string[] =>
  candidates.map(({ format }) => format)

test('bundles, signatures and attestations are found in every layout', () => {
  const referrer = manifestOf([{ mediaType: bundle, content: 'b' }], {
    about: subject,
    artifactType: bundle,
    annotations: { 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' },
  })
  const early = manifestOf(
    [{ mediaType: simple, content: 's', annotations: { [signature]: 'x' } }],
    { about: subject, artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json' },
  )
  const sig = manifestOf([
    { mediaType: simple, content: 'p', annotations: { [signature]: '1' } },
    { mediaType: simple, content: 'p', annotations: { [signature]: '2' } },
  ])
  const att = manifestOf([{ mediaType: dsse, content: 'e', annotations: { predicateType: 'x' } }])
  const found = findCandidates(subject, { referrers: [referrer, early], tagged: [sig, att] })
  assert.deepEqual(formatsOf(found), [
    'cosign-bundle',
    'cosign-simple',
    'cosign-simple',
    'cosign-simple',
    'cosign-dsse',
  ])
  assert.equal(found.candidates[0]?.predicateTypeHint, 'https://slsa.dev/provenance/v1')
  assert.equal(found.candidates[4]?.predicateTypeHint, 'x')
  assert.deepEqual([found.ignored, found.more], [[], 0])
})

test('a .sig tag that was overwritten takes no signature away, and none counts twice (T19)', () => {
  const first = { mediaType: simple, content: 'p', annotations: { [signature]: '1' } }
  const second = { mediaType: simple, content: 'p', annotations: { [signature]: '2' } }
  const [before, after] = [manifestOf([first, second]), manifestOf([second])]
  const found = findCandidates(subject, { referrers: [], tagged: [after, before] })
  assert.deepEqual(
    found.candidates.map(({ layer }) => layer.annotations?.[signature]),
    ['2', '1'],
  )
})

test('what is about another image, or no signature at all, is no candidate', () => {
  const foreign = manifestOf([{ mediaType: bundle, content: 'b' }], { about: other })
  const orphan = manifestOf([{ mediaType: bundle, content: 'b' }])
  const mislabeled = manifestOf([{ mediaType: simple, content: 's' }], { about: other })
  const sbom = manifestOf([{ mediaType: 'text/spdx+json', content: 's' }], { about: subject })
  const provenance = manifestOf([{ mediaType: 'application/vnd.in-toto+json', content: 'i' }], {
    about: subject,
  })
  const found = findCandidates(subject, {
    referrers: [foreign, orphan, sbom, provenance],
    tagged: [mislabeled],
  })
  assert.deepEqual(found.candidates, [])
  assert.deepEqual(
    found.unsigned.map(({ manifest }) => manifest),
    [provenance.digest],
  )
  assert.deepEqual(
    found.ignored.map(({ detail }) => detail),
    [
      `its subject is ${other}`,
      'its subject is nothing',
      `the tag names ${subject}, its subject is ${other}`,
    ],
  )
})

test('more candidates than are looked at are counted (T3)', () => {
  const layers = Array.from({ length: 1001 }, (_, at) => ({
    mediaType: simple,
    content: `${at}`,
  }))
  const found = findCandidates(subject, { referrers: [], tagged: [manifestOf(layers)] })
  assert.deepEqual([found.candidates.length, found.more], [1000, 1])
})

test('the bytes of a candidate are those that the manifest names', () => {
  const sig = manifestOf([{ mediaType: simple, content: 'p', annotations: { [signature]: '1' } }])
  const [found] = findCandidates(subject, { referrers: [], tagged: [sig] }).candidates
  assert.ok(found)
  assert.equal(isBeyondLimit(found), false)
  const vast = { ...found.layer, size: 11 * 1024 * 1024 }
  assert.equal(isBeyondLimit({ ...found, layer: vast }), true)
  assert.equal(candidateWith(found, Buffer.from('q')), undefined)
  assert.deepEqual(candidateWith(found, Buffer.from('p'))?.annotations, { [signature]: '1' })
})

test('fallback tags are those that clients make', () => {
  const name = subject.replace(':', '-')
  assert.deepEqual(fallbackTags(subject), {
    index: name,
    signatures: `${name}.sig`,
    attestations: `${name}.att`,
  })
})
