import assert from 'node:assert/strict'
import { test } from 'node:test'
import { certificateOf, pemOf, pki } from '../../../test/kit/pki.ts'
import { statementOf } from '../../../test/kit/notation-signatures.ts'
import { parseTrustPolicy, selectStatement } from './trust-policy.ts'
import { readTrustStore } from './trust-store.ts'
import { actionsOf, levels } from './verification-level.ts'

const dn = 'x509.subject: C=US, ST=WA, O=acme'

function statement(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: 'release',
    registryScopes: ['registry.example.org/prod/app'],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:acme'],
    trustedIdentities: [dn],
    ...changes,
  }
}

/** `document`, or each fault as `member message`. */
function judged(document: unknown): readonly string[] | 'document' {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  const read = parseTrustPolicy(Buffer.from(text))
  return read.kind === 'document'
    ? 'document'
    : read.faults.map(({ member, message }) => `${member} ${message}`)
}

function withStatement(changes: Readonly<Record<string, unknown>>): readonly string[] | 'document' {
  return judged({ version: '1.0', trustPolicies: [statement(changes)] })
}

test('a document says which member breaks which rule', () => {
  const at = 'trustPolicies[0]'
  const verification = `${at}.signatureVerification`
  const rows: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
    [{ name: '' }, /^trustPolicies\[0\]\.name is "", and must be a name/],
    [{ name: 7 }, /\.name is 7/],
    [{ registryScopes: [] }, /registryScopes must name at least one scope/],
    [{ registryScopes: ['*', 'a.b/c'] }, /registryScopes has "\*" beside other scopes/],
    [{ registryScopes: ['a.b/c/*'] }, /registryScopes\[0\] "a\.b\/c\/\*" has a wildcard inside/],
    [{ registryScopes: ['app'] }, /registryScopes\[0\] "app" is not of the form host\[:port\]/],
    [{ registryScopes: ['https://a.b/c'] }, /registryScopes\[0\] "https/],
    [{ registryScopes: ['[::1]:5000/c'] }, /registryScopes\[0\] "\[::1\]:5000\/c" is not of/],
    [{ registryScopes: ['a.b/c:v1'] }, /registryScopes\[0\] "a\.b\/c:v1" is not of the form/],
    [
      { signatureVerification: 'strict' },
      /signatureVerification is "strict", and must be an object/,
    ],
    [
      { signatureVerification: {} },
      /signatureVerification\.level is missing, and must be one of s/,
    ],
    [
      { signatureVerification: { level: 'Strict' } },
      /level is "Strict", and must be one of strict/,
    ],
    [{ signatureVerification: { level: 'strict', timestamp: 1 } }, /timestamp is no member here/],
    [
      { signatureVerification: { level: 'strict', verifyTimestamp: 'never' } },
      /verifyTimestamp is "never", and must be "always" or "afterCertExpiry"/,
    ],
    [
      { signatureVerification: { level: 'strict', override: { integrity: 'log' } } },
      /override\.integrity cannot be overridden; what can is authenticity/,
    ],
    [
      { signatureVerification: { level: 'strict', override: { expiry: 'skip' } } },
      /override\.expiry is "skip", and must be "enforce" or "log"/,
    ],
    [{ trustStores: [] }, /trustStores names no store of the type ca or signingAuthority/],
    [
      { trustStores: ['tsa:acme'] },
      /trustStores names no store of the type ca or signingAuthority/,
    ],
    [{ trustStores: ['acme'] }, /trustStores\[0\] "acme" is not of the form type:name/],
    [{ trustStores: ['root:acme'] }, /trustStores\[0\] "root:acme" is not of the form/],
    [{ trustStores: ['ca:../acme'] }, /trustStores\[0\] "ca:\.\.\/acme" is not of the form/],
    [{ trustStores: ['ca:..'] }, /trustStores\[0\] "ca:\.\." is not of the form/],
    [{ trustedIdentities: [] }, /trustedIdentities names nobody/],
    [{ trustedIdentities: ['*', dn] }, /trustedIdentities\[0\] "\*" stands alone/],
    [{ trustedIdentities: ['acme'] }, /trustedIdentities\[0\] "acme" has no prefix/],
    [{ trustedIdentities: ['x509.subject:'] }, /has nothing after its prefix/],
    [{ trustedIdentities: ['x509.subject: C=US'] }, /has no ST, no O/],
    [{ trustedIdentities: [dn, `${dn}, OU=ci`] }, /trustedIdentities\[1\] overlaps/],
    [{ trustedIdentities: [`${dn}, OU=ci`, dn] }, /trustedIdentities\[1\] overlaps/],
    [{ trustedIdentities: dn }, /trustedIdentities must be a list/],
    [{ scopes: [] }, /trustPolicies\[0\]\.scopes is no member here/],
  ]
  for (const [changes, expected] of rows) {
    const faults = withStatement(changes)
    assert.ok(faults !== 'document', JSON.stringify(changes))
    assert.match(faults.join('\n'), expected)
  }
  assert.equal(withStatement({}), 'document')
  assert.deepEqual(
    withStatement({ signatureVerification: null })[0],
    `${verification} is null, and must be an object with a level`,
  )
})

test('skip is for one place, and for nobody in particular', () => {
  const skip = { signatureVerification: { level: 'skip' }, trustStores: [], trustedIdentities: [] }
  assert.equal(withStatement(skip), 'document')
  assert.match(String(withStatement({ ...skip, registryScopes: ['*'] })), /off everywhere/)
  assert.match(String(withStatement({ ...skip, trustStores: ['ca:acme'] })), /which nobody reads/)
  const override = { signatureVerification: { level: 'skip', override: { expiry: 'log' } } }
  assert.match(String(withStatement({ ...skip, ...override })), /nothing can be overridden/)
})

test('the document as a whole: version, names and scopes once, strict JSON', () => {
  const of = (...policies: readonly unknown[]): readonly string[] | 'document' =>
    judged({ version: '1.0', trustPolicies: policies })
  assert.match(
    String(of(statement(), statement({ registryScopes: ['a.b/c'] }))),
    /name "release" is the name/,
  )
  assert.match(
    String(of(statement(), statement({ name: 'b' }))),
    /is a scope of trustPolicies\[0\] too/,
  )
  assert.equal(of(statement(), statement({ name: 'b', registryScopes: ['*'] })), 'document')
  assert.match(String(of()), /must be a list of at least one statement/)
  assert.match(String(of('x')), /trustPolicies\[0\] is not an object/)
  assert.match(
    String(judged({ version: '1.1', trustPolicies: [statement()] })),
    /version is "1\.1"/,
  )
  assert.match(String(judged('[]')), /is not a JSON object/)
  assert.match(String(judged('{')), /is not JSON/)
  const text = JSON.stringify({ version: '1.0', trustPolicies: [statement()] })
  assert.match(String(judged(text.replace('{', '{"version":"1.0",'))), /the key "version" twice/)
  assert.match(String(judged(text.replace('"name"', '"Name"'))), /some clients read as "name"/)
  assert.match(String(judged(' '.repeat(1024 * 1024 + 1))), /more than 1048576 bytes/)
})

test('the statement of the exact scope, else the one of "*", else none', () => {
  const document = {
    version: '1.0',
    trustPolicies: [
      statement({ name: 'all', registryScopes: ['*'] }),
      statement({ name: 'one', registryScopes: ['a.b:5000/c', 'a.b/d'] }),
    ],
  }
  const read = parseTrustPolicy(Buffer.from(JSON.stringify(document)))
  assert.ok(read.kind === 'document')
  const nameFor = (scope: string): string | undefined =>
    selectStatement(read.statements, scope)?.name
  assert.equal(nameFor('a.b:5000/c'), 'one')
  assert.equal(nameFor('a.b/d'), 'one')
  for (const scope of ['a.b/c', 'a.b:5000/c/d', 'A.b/d', 'a.b:5000/'])
    assert.equal(nameFor(scope), 'all')
  assert.equal(selectStatement(read.statements.slice(1), 'a.b/c'), undefined)
})

test('a document of many identities or many faults is answered in short', () => {
  const statementFor = (name: string, trustedIdentities: readonly string[]): object => ({
    name,
    registryScopes: [`a.b/${name}`],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:acme'],
    trustedIdentities,
  })
  const read = (...statements: readonly object[]): readonly string[] => {
    const document = { version: '1.0', trustPolicies: statements }
    const result = parseTrustPolicy(Buffer.from(JSON.stringify(document)))
    return result.kind === 'document' ? [] : result.faults.map(({ message }) => message)
  }
  const names = (count: number, from = 0): readonly string[] =>
    Array.from({ length: count }, (_, index) => `x509.subject:C=D,ST=B,O=A,CN=${index + from}`)
  assert.deepEqual(read(statementFor('one', names(600)), statementFor('two', names(400))), [])
  assert.deepEqual(read(statementFor('one', names(600)), statementFor('two', names(401))), [
    'has more than 1000 trusted identities in all',
  ])
  assert.match(read(statementFor('one', [...names(2), ...names(1, 1)]))[0] ?? '', /overlaps/)
  assert.equal(read({ ...statementFor('one', ['*']), registryScopes: names(900) }).length, 50)
})

test('levels are rows, and overrides change one cell', () => {
  const shown = levels.map((level) => Object.values(actionsOf(level)).join(' '))
  assert.deepEqual(shown, [
    'enforce enforce enforce enforce enforce',
    'enforce enforce log log log',
    'enforce log log log log',
    'skip skip skip skip skip',
  ])
  const { actions } = statementOf({ level: 'audit', override: { revocation: 'skip' } })
  assert.deepEqual(actions, {
    integrity: 'enforce',
    authenticity: 'log',
    authenticTimestamp: 'log',
    expiry: 'log',
    revocation: 'skip',
  })
})

test('a store holds certificates, and one for timestamps holds roots', () => {
  const { chain, leaf } = pki()
  const [, middle, root] = chain
  assert.ok(middle && root)
  const read = (type: 'ca' | 'tsa', ...files: readonly (string | Uint8Array)[]): string => {
    const named = files.map((bytes, index) => [`${index}.pem`, Buffer.from(bytes)] as const)
    const store = readTrustStore(type, new Map(named))
    return store.kind === 'store' ? String(store.certificates.length) : store.reason
  }
  assert.equal(read('ca', root), '1')
  assert.equal(read('ca', pemOf(root, middle)), '2')
  assert.equal(read('ca', pemOf(root), root), '1')
  assert.equal(read('ca', pki({ chain: 1 }).leaf.der), '1')
  assert.equal(read('tsa', root), '1')
  assert.equal(read('ca'), 'there is no certificate in it')
  assert.match(read('ca', ''), /is no X\.509 certificate/)
  assert.match(
    read('ca', pemOf(root) + pemOf(middle).replace('M', '!')),
    /holds a block that cannot be read/,
  )
  assert.match(read('ca', Buffer.alloc(4 * 1024 * 1024 + 1)), /more than 4194304 bytes/)
  assert.match(read('ca', leaf.der), /is neither an authority nor self-signed/)
  assert.match(read('tsa', middle), /is not self-signed: a store for timestamps holds roots/)
  assert.match(
    read('ca', pemOf(root) + pemOf(root).replaceAll('CERTIFICATE', 'PRIVATE KEY')),
    /holds something that is no certificate/,
  )
  assert.equal(certificateOf(root).der.length, root.length)
})
