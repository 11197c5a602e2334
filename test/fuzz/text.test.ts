// Text that comes from outside: paths, headers, names, tokens, versions. Nothing throws but what is typed, and what is read is
// written back as it was.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  makeAuthorizationToken,
  readAuthorizationToken,
} from '../../src/access/authorization-token.ts'
import { makeDownloadToken, readDownloadToken } from '../../src/access/download-address.ts'
import { deriveKey } from '../../src/access/rules/seal.ts'
import { ecosystems } from '../../src/ecosystems/table.ts'
import { rateSeverity } from '../../src/ecosystems/severity.ts'
import { addressOf } from '../../src/edges/address.ts'
import { createAuthenticator } from '../../src/edges/authenticate.ts'
import { readForm } from '../../src/edges/aws/protocol/query-form.ts'
import { queryError, stsModel } from '../../src/edges/aws/protocol/query-protocol.ts'
import { operationOfTarget } from '../../src/edges/aws/protocol/json-protocol.ts'
import { decodeToken, encodeToken } from '../../src/edges/aws/protocol/paging-token.ts'
import { canonicalRequest } from '../../src/edges/aws/protocol/sigv4-canonical.ts'
import { readSignature } from '../../src/edges/aws/protocol/sigv4-signature.ts'
import { isNotModified } from '../../src/edges/oci/conditional.ts'
import { parseV2Path } from '../../src/edges/oci/path.ts'
import { parseEntryPath } from '../../src/lib/archive/entry-path.ts'
import { systemIds } from '../../src/lib/ids.ts'
import { digestOf, parseDigest, parseDigestAlgorithm } from '../../src/oci/digest.ts'
import { mediaTypes, parseManifestMediaType } from '../../src/oci/media-type.ts'
import { parseContentRange, parseRange } from '../../src/oci/range.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { parseRepositoryName } from '../../src/oci/repository-name.ts'
import { parseTag } from '../../src/oci/tag.ts'
import { parseAccountId } from '../../src/policy/account-id.ts'
import { formatArn, parseArn } from '../../src/policy/arn.ts'
import { openMemoryPrincipals } from './no-principals.ts'
import { alteredBytes, hostileText, runs } from './hostile-input.ts'

const sha256 = digestOf(Buffer.from('a'))
const sha512 = digestOf(Buffer.from('a'), 'sha512')

test('digests, tags, names, references and account ids are read as they are written, or not at all', () => {
  const text = hostileText('sha256:', 'sha512:', 'blake3:', sha256, sha512, 'a', 'A', '/', '.', '-')
  fc.assert(
    fc.property(text, (given) => {
      for (const parse of [parseDigest, parseTag, parseRepositoryName, parseAccountId] as const) {
        const read = parse(given)
        assert.ok(read === undefined || read === given)
      }
      const algorithm = parseDigestAlgorithm(given)
      assert.ok(algorithm === undefined || algorithm === given)
      const reference = parseReference(given)
      const written = reference?.kind === 'tag' ? reference.tag : reference?.digest
      assert.ok(reference === undefined || written === given)
      assert.ok(parseTag(given) === undefined || parseDigest(given) === undefined)
    }),
    runs(3000),
  )
})

test('a path of /v2 is one endpoint, and its parts put together are the path', () => {
  const parts = ['/', '/v2/', 'team/app', 'blobs', 'uploads', 'manifests', 'tags/list', 'v1']
  const path = hostileText(...parts, 'referrers', '_catalog', sha256, '%3A', 'a/blobs/b').map(
    (rest) => `/v2/${rest}`,
  )
  fc.assert(
    fc.property(path, (given) => {
      const read = parseV2Path(given)
      const expected = writtenPath(read)
      if (expected === undefined) return
      const plain = given.replaceAll(/%3a/gi, ':').replace(/\/$/, '')
      assert.equal(plain.replace(/^\/v2\/?/, ''), expected)
    }),
    runs(3000),
  )
})

function writtenPath(read: ReturnType<typeof parseV2Path>): string | undefined {
  switch (read.kind) {
    case 'base':
      return ''
    case 'catalog':
      return '_catalog'
    case 'discovery':
      return '_oci/ext/discover'
    case 'extensions':
      return `${read.name}/_oci/ext/discover`
    case 'blob':
      return `${read.name}/blobs/${read.digest}`
    case 'manifest': {
      const { reference } = read
      return `${read.name}/manifests/${reference.kind === 'tag' ? reference.tag : reference.digest}`
    }
    case 'uploads':
      return `${read.name}/blobs/uploads`
    case 'upload':
      return `${read.name}/blobs/uploads/${read.uploadId}`
    case 'tags':
      return `${read.name}/tags/list`
    case 'referrers':
      return `${read.name}/referrers/${read.digest}`
    case 'badDigest':
    case 'badReference':
    case 'unknown':
    default:
      return undefined
  }
}

test('ranges lie within the content, in order and apart', () => {
  const header = hostileText('bytes=', 'bytes ', '0-', '-5', '5-9', ',', '100-200', ' ', '-', '/*')
  fc.assert(
    fc.property(header, fc.nat(2000), (given, size) => {
      const range = parseRange(given, size)
      let last = -1
      for (const { start, end } of range.kind === 'ranges' ? range.spans : []) {
        assert.ok(start > last && start <= end && end < size)
        last = end
      }
      const chunk = parseContentRange(given)
      assert.ok(chunk === undefined || (chunk.start >= 0 && chunk.start <= chunk.end))
    }),
    runs(3000),
  )
  fc.assert(
    fc.property(fc.nat(1e9), fc.nat(1e9), (start, more) => {
      const span = { start, end: start + more }
      assert.deepEqual(parseContentRange(`${span.start}-${span.end}`), span)
      assert.deepEqual(parseContentRange(`bytes ${span.start}-${span.end}/*`), span)
    }),
    runs(300),
  )
})

test('media types, conditions, targets, forms and ARNs', () => {
  const types = Object.values(mediaTypes)
  const text = hostileText(...types, ';', 'arn:aws:ecr:', ':', '123456789012', 'repository/', 'W/')
  fc.assert(
    fc.property(text, (given) => {
      const type = parseManifestMediaType(given)
      assert.ok(type === undefined || given.toLowerCase().includes(type))
      isNotModified(given, sha256)
      operationOfTarget(given, 'AmazonEC2ContainerRegistry_V20150921')
      const arn = parseArn(given)
      if (arn !== undefined) assert.deepEqual(parseArn(formatArn(arn)), arn)
    }),
    runs(3000),
  )
  const form = hostileText('Action=', 'GetCallerIdentity', '&', 'Version=2011-06-15', '%', '+', '=')
  fc.assert(
    fc.property(form, (given) => {
      readForm(given)
      const error = { name: given, status: 400, message: given, members: {} }
      const { body } = queryError(stsModel, error, 'request')
      assert.ok(body.isWellFormed())
      assert.equal(body.match(/<(?!\/?[A-Z][A-Za-z]*[ />])/g), null)
    }),
    runs(1000),
  )
})

test('a name in a path addresses a repository whose name it ends in, or nothing', async () => {
  const account = parseAccountId('123456789012')
  assert.ok(account !== undefined)
  const deps = { defaultAccount: account, isAccount: async (id: string) => id === account }
  const name = hostileText('123456789012', '/', 'team', 'app', '.')
  await fc.assert(
    fc.asyncProperty(name, hostileText('123456789012', '.dkr.ecr.', ':80'), async (given, host) => {
      const address = await addressOf(deps, host, given)
      assert.ok(address === undefined || given.endsWith(address.name))
    }),
    runs(1000),
  )
})

test('an Authorization header of no known credential is refused, whatever it holds', async () => {
  const { header: authenticate } = createAuthenticator(openMemoryPrincipals())
  const credentials = hostileText('AWS', ':', 'AKIA', 'eyJ').map(
    (text) => `Basic ${Buffer.from(text).toString('base64')}`,
  )
  const header = fc.oneof(credentials, hostileText('Basic ', 'Bearer ', 'QVdTOmE=', '=', ' '))
  const source = { sourceAddress: '127.0.0.1', secureTransport: false }
  await fc.assert(
    fc.asyncProperty(header, async (given) => {
      assert.equal((await authenticate(given, source)).kind, 'refused')
    }),
    runs(500),
  )
})

test('tokens come back as they were made; altered ones are none', () => {
  const key = deriveKey(Buffer.alloc(32, 7), 'paging')
  const now = new Date(0)
  const list = { operation: 'ListImages', inputs: { repository: 'team/app' } }
  const claims = {
    principalId: 'p',
    accessKeyId: 'k',
    issuedAt: now,
    expiresAt: new Date(1000),
    session: undefined,
  }
  const paging = encodeToken(key, systemIds.bytes(12), list, [1, 'a'])
  const password = makeAuthorizationToken(key, systemIds.bytes(12), claims)
  const grant = { repositoryId: 1, digest: sha256 }
  const download = makeDownloadToken({ key, ids: systemIds }, grant, now)
  assert.deepEqual(decodeToken(key, list, paging), [1, 'a'])
  assert.deepEqual(readAuthorizationToken(key, password, now), { kind: 'valid', claims })
  assert.deepEqual(readDownloadToken(key, download, now), grant)
  const sealed = [paging, password, download].map((token) => Buffer.from(token))
  fc.assert(
    fc.property(alteredBytes(...sealed), (bytes) => {
      const token = bytes.toString('latin1')
      const same = (whole: string): boolean =>
        Buffer.from(token, 'base64url').equals(Buffer.from(whole, 'base64url'))
      assert.equal(decodeToken(key, list, token) !== undefined, token === paging)
      assert.equal(readAuthorizationToken(key, token, now).kind === 'valid', same(password))
      assert.equal(readDownloadToken(key, token, now) !== undefined, same(download))
    }),
    runs(2000),
  )
})

test('a signed request of any form is a signature or a refusal', () => {
  const credential = 'Credential=AKIAEXAMPLE/20260101/us-east-1/ecr/aws4_request'
  const authorization = hostileText(
    'AWS4-HMAC-SHA256 ',
    credential,
    ', ',
    'SignedHeaders=host;x-amz-date',
    'SignedHeaders=',
    `Signature=${'0'.repeat(64)}`,
    '20260101T120000Z',
  )
  const query = hostileText(
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    '&',
    'X-Amz-Credential=AKIAEXAMPLE%2F20260101%2Fus-east-1%2Fecr%2Faws4_request',
    'X-Amz-Date=20260101T120000Z',
    'X-Amz-Expires=60',
    'X-Amz-SignedHeaders=host',
    `X-Amz-Signature=${'0'.repeat(64)}`,
    '%',
  )
  const date = hostileText('20260101T120000Z', '20260101', 'T', 'Z', '99999999T999999Z')
  fc.assert(
    fc.property(fc.option(authorization), query, date, (header, rawQuery, stamp) => {
      const signed = header === null ? [] : [['Authorization', header] as const]
      const headers = [['Host', 'localhost'], ['X-Amz-Date', stamp], ...signed] as const
      const request = { method: 'POST', rawPath: `/${stamp}`, rawQuery, headers }
      const read = readSignature(request)
      const named = read.kind === 'signature' ? read.signature.signedHeaders : ['host']
      assert.ok(canonicalRequest(request, named, 'hash').startsWith('POST\n'))
      if (read.kind === 'signature') assert.equal(read.signature.bytes.byteLength, 32)
    }),
    runs(3000),
  )
})

test('a path in an archive leads nowhere but below its root', () => {
  const name = hostileText('/', './', '../', 'usr', 'lib', '.wh.', 'a')
  fc.assert(
    fc.property(name, (given) => {
      const read = parseEntryPath(given)
      if (read.kind === 'refused') return
      const segments = read.path.split('/')
      assert.ok(read.path === '' || segments.every((one) => !['', '.', '..'].includes(one)))
    }),
    runs(3000),
  )
})

for (const { type, compareVersions } of ecosystems) {
  const real = ['1', '1.0', '1.0.0-alpha.1', '2:1.2.3-4+deb12u1', '1.2~rc1', '1!2.0.post1.dev3']
  const more = ['1.2.3_p4-r5', '10', '01', 'v1.0', '1.0+build', 'a', '.', '-', '~', '+', '_', ':']
  test(`versions of ${type} have one order, or none`, () => {
    const version = hostileText(...real, ...more)
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const order = (x: string, y: string): number | undefined => {
          const compared = compareVersions(x, y)
          return compared.kind === 'ordered' ? Math.sign(compared.order) : undefined
        }
        const [ab, ba, bc, ac] = [order(a, b), order(b, a), order(b, c), order(a, c)]
        assert.ok(order(a, a) === 0 || order(a, a) === undefined)
        assert.equal(ab === undefined, ba === undefined)
        if (ab !== undefined && ba !== undefined) assert.ok(ab + ba === 0)
        assert.equal(ab === undefined, order(a, a) === undefined || order(b, b) === undefined)
        if (ab === undefined || bc === undefined || ac === undefined) return
        if (ab <= 0 && bc <= 0) assert.ok(ac <= 0)
        if (ab === 0 && bc === 0) assert.equal(ac, 0)
      }),
      runs(2000),
    )
  })
}

test('a severity vector of any form has a word', () => {
  const vector = hostileText(
    'CVSS:3.1/',
    'CVSS:4.0/',
    'AV:N/',
    'AC:L/',
    'PR:N/UI:N/S:U/C:H/I:H/A:H',
  )
  fc.assert(
    fc.property(vector, hostileText('CVSS_V3', 'CVSS_V4', 'Ubuntu', 'high'), (score, type) => {
      const given = { severities: [{ type, score }], severityWord: score }
      const rated = rateSeverity(given, { severities: [], severityWord: undefined })
      assert.match(rated.severity, /^[A-Z]+$/)
    }),
    runs(1000),
  )
})
