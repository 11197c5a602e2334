// One client and one repository: what was sent, what must be there, and what each answer may therefore be.
import assert from 'node:assert/strict'
import { exchange, header, type Answer, type Sent } from '../conformance/client.ts'
import type { TestServer } from '../kit/server.ts'
import { digestOf, type Digest } from '../../src/oci/digest.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'

interface Manifest {
  readonly digest: Digest
  readonly bytes: Buffer
  readonly mediaType: string
  readonly blobs: readonly Digest[]
  readonly children: readonly Digest[]
  readonly subject: Digest | undefined
}

interface Upload {
  readonly location: string
  readonly content: Buffer
  received: number
  isOpen: boolean
}

export const steps = [
  'head blob',
  'get blob',
  'get range',
  'get blob unchanged',
  'push blob',
  'push blob wrongly',
  'begin upload',
  'append',
  'append out of order',
  'append short',
  'upload status',
  'close',
  'close wrongly',
  'cancel',
  'put image',
  'put index',
  'put referrer',
  'put image as another type',
  'put under a wrong digest',
  'put nonsense',
  'head manifest',
  'get manifest',
  'get manifest unchanged',
  'delete tag',
  'delete manifest',
  'delete blob',
  'list tags',
  'list referrers',
  'unknown repository',
  'bad name',
] as const

/** Those without which the others have nothing to meet. */
export const fruitful = [
  'push blob',
  'push blob',
  'put image',
  'put image',
  'put index',
  'put referrer',
  'append',
  'close',
] as const satisfies readonly (typeof steps)[number][]

export interface Step {
  readonly name: (typeof steps)[number]
  readonly one: number
  readonly two: number
}

const contents = [0, 1, 17, 300, 5000].map((size, index) => {
  const bytes = Buffer.alloc(size, `${index}-`)
  return { bytes, digest: digestOf(bytes, index === 4 ? 'sha512' : 'sha256') }
})
const tags = ['v1', 'v2', 'latest', 'A_.-9']

export class RepositoryConversation {
  readonly #server: TestServer
  readonly #name: string
  readonly #isMutable: boolean
  readonly #blobs = new Map<Digest, Buffer>()
  readonly #manifests = new Map<Digest, Manifest>()
  readonly #tags = new Map<string, Digest>()
  readonly #uploads: Upload[] = []

  constructor(server: TestServer, name: string, isMutable: boolean) {
    this.#server = server
    this.#name = name
    this.#isMutable = isMutable
  }

  async take(step: Step): Promise<Answer> {
    const answer = await this.#run(step)
    const shown = `${step.name}: ${answer.status} ${answer.body.toString().slice(0, 300)}`
    assert.ok(answer.status < 500, shown)
    assert.equal(header(answer, 'docker-distribution-api-version'), 'registry/2.0')
    // What a HEAD and an unsatisfiable range are told is told in headers.
    const hasBody = !step.name.startsWith('head') && step.name !== 'get range'
    if (answer.status >= 400 && hasBody) {
      const parsed = JSON.parse(answer.body.toString()) as { readonly errors: readonly object[] }
      assert.equal(parsed.errors.length, 1, shown)
    }
    return answer
  }

  /** At the end everything that must be there is, byte by byte. */
  async compareAll(): Promise<void> {
    for (const [digest, bytes] of this.#blobs) {
      const answer = await this.#send('GET', `blobs/${digest}`)
      assert.equal(answer.status, 200)
      assert.ok(answer.body.equals(bytes))
    }
    for (const digest of this.#manifests.keys()) await this.#getManifest(digest)
    for (const tag of tags) await this.#getManifest(tag)
    await this.#listTags()
  }

  async #send(method: string, path: string, sent: Sent = {}): Promise<Answer> {
    return this.#sendTo(method, `/v2/${this.#name}/${path}`, sent)
  }

  async #sendTo(method: string, path: string, sent: Sent = {}): Promise<Answer> {
    const { authorization } = this.#server
    return exchange(this.#server.url, method, path, {
      ...sent,
      headers: { authorization, ...sent.headers },
    })
  }

  async #run({ name, one, two }: Step): Promise<Answer> {
    const content = pick(contents, one)
    const tag = pick(tags, one)
    switch (name) {
      case 'head blob':
        return this.#headBlob(content.digest)
      case 'get blob':
        return this.#getBlob(content)
      case 'get range':
        return this.#getRange(content, two)
      case 'get blob unchanged': {
        const headers = { 'if-none-match': `"${content.digest}"` }
        const answer = await this.#send('GET', `blobs/${content.digest}`, { headers })
        return expect(answer, this.#blobs.has(content.digest) ? 304 : 404)
      }
      case 'push blob':
        return this.#pushBlob(content)
      case 'push blob wrongly': {
        const { digest } = pick(contents, one + 1)
        const path = `blobs/uploads/?digest=${digest}`
        return refused(await this.#send('POST', path, { body: content.bytes }), 'DIGEST_INVALID')
      }
      case 'begin upload':
        return this.#beginUpload(content.bytes)
      case 'append':
      case 'append out of order':
      case 'append short':
      case 'upload status':
      case 'close':
      case 'close wrongly':
      case 'cancel':
        return this.#onUpload(name, one, two)
      case 'put image':
      case 'put referrer':
        return this.#put(this.#planImage(one, two, name === 'put referrer'), tag, two % 3 === 0)
      case 'put index':
        return this.#put(this.#planIndex(one, two), tag, two % 3 === 0)
      case 'put image as another type': {
        const { bytes } = this.#planImage(one, two, false)
        const headers = { 'content-type': mediaTypes.ociIndex }
        const answer = await this.#send('PUT', `manifests/${tag}`, { body: bytes, headers })
        return refused(answer, 'MANIFEST_INVALID')
      }
      case 'put under a wrong digest': {
        const { bytes, mediaType } = this.#planImage(one, two, false)
        const path = `manifests/${digestOf(Buffer.from('other'))}`
        const headers = { 'content-type': mediaType }
        return refused(await this.#send('PUT', path, { body: bytes, headers }), 'DIGEST_INVALID')
      }
      case 'put nonsense': {
        const body = pick(['', '{', '[]', '{"schemaVersion":2}', '{"a":1,"a":2}', 'null'], one)
        const answer = await this.#send('PUT', `manifests/${tag}`, { body: Buffer.from(body) })
        return refused(answer, 'MANIFEST_INVALID')
      }
      case 'head manifest':
      case 'get manifest':
      case 'get manifest unchanged':
        return this.#getManifest(this.#someReference(one, two), name)
      case 'delete tag':
        return this.#deleteTag(this.#someTag(one))
      case 'delete manifest':
        return this.#deleteManifest(this.#someDigest(one))
      case 'delete blob':
        return this.#deleteBlob(content.digest)
      case 'list tags':
        return this.#listTags()
      case 'list referrers':
        return this.#listReferrers(this.#someDigest(one))
      case 'unknown repository':
        return refused(await this.#sendTo('GET', '/v2/fuzz/nowhere/tags/list'), 'NAME_UNKNOWN')
      case 'bad name':
      default:
        return refused(await this.#sendTo('GET', '/v2/Fuzz/-/tags/list'), 'NAME_INVALID')
    }
  }

  async #headBlob(digest: Digest): Promise<Answer> {
    const answer = await this.#send('HEAD', `blobs/${digest}`)
    const bytes = this.#blobs.get(digest)
    expect(answer, bytes === undefined ? 404 : 200)
    if (bytes === undefined) return answer
    assert.equal(header(answer, 'content-length'), String(bytes.length))
    assert.equal(header(answer, 'docker-content-digest'), digest)
    return answer
  }

  async #getBlob({ digest }: { readonly digest: Digest }): Promise<Answer> {
    const answer = await this.#send('GET', `blobs/${digest}`)
    const bytes = this.#blobs.get(digest)
    if (bytes === undefined) return refused(answer, 'BLOB_UNKNOWN')
    assert.ok(expect(answer, 200).body.equals(bytes))
    return answer
  }

  async #getRange({ digest }: { readonly digest: Digest }, from: number): Promise<Answer> {
    const headers = { range: `bytes=${from}-${from + 20}` }
    const answer = await this.#send('GET', `blobs/${digest}`, { headers })
    const bytes = this.#blobs.get(digest)
    if (bytes === undefined) return refused(answer, 'BLOB_UNKNOWN')
    if (from >= bytes.length) return expect(answer, 416)
    assert.ok(expect(answer, 206).body.equals(bytes.subarray(from, from + 21)))
    return answer
  }

  async #pushBlob({
    digest,
    bytes,
  }: {
    readonly digest: Digest
    readonly bytes: Buffer
  }): Promise<Answer> {
    const answer = await this.#send('POST', `blobs/uploads/?digest=${digest}`, { body: bytes })
    this.#blobs.set(digest, bytes)
    assert.equal(header(expect(answer, 201), 'location'), `/v2/${this.#name}/blobs/${digest}`)
    return answer
  }

  async #beginUpload(content: Buffer): Promise<Answer> {
    const answer = expect(await this.#send('POST', 'blobs/uploads/'), 202)
    const location = header(answer, 'location')
    this.#uploads.push({ location, content, received: 0, isOpen: true })
    return answer
  }

  async #onUpload(name: string, one: number, two: number): Promise<Answer> {
    const upload = this.#uploads.at(-1 - (one % 3))
    if (upload === undefined) return this.#beginUpload(pick(contents, one).bytes)
    const { location } = upload
    const start = upload.received
    const rest = upload.content.subarray(start)
    const part = rest.subarray(0, 1 + (two % Math.max(1, rest.length)))
    const unlessClosed = (answer: Answer, status: number): Answer =>
      upload.isOpen ? expect(answer, status) : refused(answer, 'BLOB_UPLOAD_UNKNOWN')
    const chunk = (from: number, length: number): Sent['headers'] => ({
      'content-type': 'application/octet-stream',
      'content-range': `${from}-${from + length - 1}`,
    })
    switch (name) {
      case 'append': {
        if (part.length === 0) return this.#status(upload)
        const headers = chunk(start, part.length) ?? {}
        const answer = await this.#sendTo('PATCH', location, { body: part, headers })
        if (upload.isOpen) upload.received += part.length
        return unlessClosed(answer, 202)
      }
      case 'append out of order': {
        const headers = chunk(start + 1 + two, 3) ?? {}
        const answer = await this.#sendTo('PATCH', location, { body: Buffer.alloc(3), headers })
        return unlessClosed(answer, 416)
      }
      case 'append short': {
        const headers = chunk(start, part.length + 5) ?? {}
        const answer = await this.#sendTo('PATCH', location, { body: part, headers })
        return expectOneOf(answer, upload.isOpen ? [400, 416] : [400, 404, 416])
      }
      case 'close': {
        const digest = digestOf(upload.content)
        const answer = await this.#sendTo('PUT', `${location}?digest=${digest}`, { body: rest })
        const isRepeat = !upload.isOpen && this.#blobs.has(digest)
        if (isRepeat) return expectOneOf(answer, [201, 404])
        if (upload.isOpen) this.#blobs.set(digest, upload.content)
        const wasOpen = upload.isOpen
        upload.isOpen = false
        return wasOpen ? expect(answer, 201) : refused(answer, 'BLOB_UPLOAD_UNKNOWN')
      }
      case 'close wrongly': {
        const digest = digestOf(Buffer.from('something else'))
        const answer = await this.#sendTo('PUT', `${location}?digest=${digest}`, { body: rest })
        const wasOpen = upload.isOpen
        upload.isOpen = false
        return refused(answer, wasOpen ? 'DIGEST_INVALID' : 'BLOB_UPLOAD_UNKNOWN')
      }
      case 'cancel': {
        const answer = await this.#sendTo('DELETE', location)
        unlessClosed(answer, 204)
        upload.isOpen = false
        return answer
      }
      default:
        return this.#status(upload)
    }
  }

  async #status(upload: Upload): Promise<Answer> {
    const answer = await this.#sendTo('GET', upload.location)
    if (!upload.isOpen) return refused(answer, 'BLOB_UPLOAD_UNKNOWN')
    const last = Math.max(upload.received - 1, 0)
    assert.equal(header(expect(answer, 204), 'range'), `0-${last}`)
    return answer
  }

  #planImage(one: number, two: number, refers: boolean): Manifest {
    // Mostly of what is there.
    const present = contents.filter(({ digest }) => this.#blobs.has(digest))
    const from = present.length > 0 && one % 5 > 0 ? present : contents
    const [config, layer] = [pick(from, one), pick(from, two)]
    const subject = refers ? this.#someDigest(one) : undefined
    const document = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: { mediaType: mediaTypes.ociConfig, digest: config.digest, size: config.bytes.length },
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
          digest: layer.digest,
          size: layer.bytes.length,
        },
      ],
      ...(subject === undefined
        ? {}
        : { subject: { mediaType: mediaTypes.ociManifest, digest: subject, size: 2 } }),
    }
    const bytes = Buffer.from(JSON.stringify(document))
    const digest = digestOf(bytes, two % 5 === 0 ? 'sha512' : 'sha256')
    const { mediaType } = document
    return { digest, bytes, mediaType, blobs: [config.digest, layer.digest], children: [], subject }
  }

  #planIndex(one: number, two: number): Manifest {
    const children = [this.#someDigest(one), this.#someDigest(two)]
    const document = {
      schemaVersion: 2,
      mediaType: mediaTypes.ociIndex,
      manifests: children.map((digest) => ({ mediaType: mediaTypes.ociManifest, digest, size: 9 })),
    }
    const bytes = Buffer.from(JSON.stringify(document))
    const { mediaType } = document
    return { digest: digestOf(bytes), bytes, mediaType, blobs: [], children, subject: undefined }
  }

  async #put(planned: Manifest, tag: string, byDigest: boolean): Promise<Answer> {
    const { bytes, mediaType, blobs, children, subject } = planned
    // Under a tag the digest is the registry's own.
    const digest = byDigest ? planned.digest : digestOf(bytes)
    const path = byDigest ? `manifests/${digest}` : `manifests/${tag}`
    const headers = { 'content-type': mediaType }
    const answer = await this.#send('PUT', path, { body: bytes, headers })
    const isWhole =
      blobs.every((blob) => this.#blobs.has(blob)) &&
      children.every((child) => this.#manifests.has(child))
    if (!isWhole) return refused(answer, 'MANIFEST_BLOB_UNKNOWN')
    const current = this.#tags.get(tag)
    if (!byDigest && !this.#isMutable && current !== undefined && current !== digest) {
      return refused(answer, 'TAG_INVALID')
    }
    expect(answer, 201)
    assert.equal(header(answer, 'docker-content-digest'), digest)
    assert.equal(header(answer, 'oci-subject'), subject ?? '')
    this.#manifests.set(digest, { ...planned, digest })
    if (!byDigest) this.#tags.set(tag, digest)
    return answer
  }

  async #getManifest(reference: string, name: Step['name'] = 'get manifest'): Promise<Answer> {
    const digest = this.#tags.get(reference) ?? reference
    const manifest = [...this.#manifests.values()].find((one) => one.digest === digest)
    const isHead = name === 'head manifest'
    const isConditional = name === 'get manifest unchanged'
    const headers = isConditional ? { 'if-none-match': `"${digest}"` } : {}
    const answer = await this.#send(isHead ? 'HEAD' : 'GET', `manifests/${reference}`, { headers })
    if (manifest === undefined) {
      return isHead ? expect(answer, 404) : refused(answer, 'MANIFEST_UNKNOWN')
    }
    expect(answer, isConditional ? 304 : 200)
    assert.equal(header(answer, 'docker-content-digest'), digest)
    if (name !== 'get manifest') return answer
    assert.equal(header(answer, 'content-type'), manifest.mediaType)
    assert.ok(answer.body.equals(manifest.bytes))
    return answer
  }

  async #deleteTag(tag: string): Promise<Answer> {
    const answer = await this.#send('DELETE', `manifests/${tag}`)
    if (!this.#tags.delete(tag)) return refused(answer, 'MANIFEST_UNKNOWN')
    return expect(answer, 202)
  }

  async #deleteManifest(digest: Digest): Promise<Answer> {
    const answer = await this.#send('DELETE', `manifests/${digest}`)
    if (!this.#manifests.has(digest)) return refused(answer, 'MANIFEST_UNKNOWN')
    const isChild = [...this.#manifests.values()].some(({ children }) => children.includes(digest))
    if (isChild) return refused(answer, 'UNSUPPORTED')
    this.#manifests.delete(digest)
    for (const [tag, named] of this.#tags) if (named === digest) this.#tags.delete(tag)
    return expect(answer, 202)
  }

  async #deleteBlob(digest: Digest): Promise<Answer> {
    const answer = await this.#send('DELETE', `blobs/${digest}`)
    if (!this.#blobs.has(digest)) return refused(answer, 'BLOB_UNKNOWN')
    const isNeeded = [...this.#manifests.values()].some(({ blobs }) => blobs.includes(digest))
    if (isNeeded) return refused(answer, 'UNSUPPORTED')
    this.#blobs.delete(digest)
    return expect(answer, 202)
  }

  async #listTags(): Promise<Answer> {
    const answer = expect(await this.#send('GET', 'tags/list'), 200)
    const expected = { name: this.#name, tags: [...this.#tags.keys()].toSorted(inBytes) }
    assert.deepEqual(JSON.parse(answer.body.toString()), expected)
    return answer
  }

  async #listReferrers(subject: Digest): Promise<Answer> {
    const answer = expect(await this.#send('GET', `referrers/${subject}`), 200)
    const { manifests } = JSON.parse(answer.body.toString()) as {
      readonly manifests: readonly { readonly digest: string }[]
    }
    const expected = [...this.#manifests.values()]
      .filter((one) => one.subject === subject)
      .map(({ digest }) => String(digest))
    assert.deepEqual(
      manifests.map(({ digest }) => digest).toSorted(inBytes),
      expected.toSorted(inBytes),
    )
    return answer
  }

  /** Of a manifest that is there, mostly. */
  #someDigest(number: number): Digest {
    const present = [...this.#manifests.keys()]
    return present[number % (present.length + 1)] ?? digestOf(Buffer.from(`absent ${number % 3}`))
  }

  #someTag(number: number): string {
    const present = [...this.#tags.keys()]
    return present[number % (present.length + 1)] ?? pick(tags, number)
  }

  #someReference(one: number, two: number): string {
    return two % 2 === 0 ? this.#someTag(one) : this.#someDigest(one)
  }
}

function pick<T>(list: readonly T[], number: number): T {
  return list[number % list.length] as T
}

function inBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function expect(answer: Answer, status: number): Answer {
  return expectOneOf(answer, [status])
}

function expectOneOf(answer: Answer, statuses: readonly number[]): Answer {
  const shown = `${answer.status} ${answer.body.toString().slice(0, 300)}`
  assert.ok(statuses.includes(answer.status), `${shown}, expected ${statuses.join(' or ')}`)
  return answer
}

function refused(answer: Answer, code: string): Answer {
  const text = answer.body.toString()
  assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${text.slice(0, 300)}`)
  const { errors } = JSON.parse(text) as { readonly errors: readonly { readonly code: string }[] }
  assert.deepEqual(
    errors.map((error) => error.code),
    [code],
    text.slice(0, 300),
  )
  return answer
}
