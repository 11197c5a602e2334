// Purpose:  secrets in the text of a file, by forms that nothing else has.
// Spec:     RFC 7468 (PEM), openssh PROTOCOL.key; the issuers' pages on the forms of their keys and tokens; our own (docs/scanning.md, "Secrets").
// Input:    a path and the bytes of a file of at most a mebibyte, as latin1, so that offsets are bytes; hostile.
// Deviates: no entropy and no names of variables: what is told is a key, and not perhaps one. AWS's published example keys are not told.
// Unknowns: nothing found is not nothing there.
import { isCredentialFile } from './secret-paths.ts'
import { credentialsIn, type SecretPlace } from './secret-files.ts'
import { hasChecksum, isMixed, isPlaceholder } from './secret-value.ts'

/** Changes whenever the same file would give other secrets: layers are then read again. */
export const secretsRevision = 1

const mostOfFile = 20
/** Places of one file that are looked at more closely; each costs a bounded time. */
const mostCandidates = 500

/** One pass: where something may begin. Whatever stands before a prefix decides later. */
const beginnings =
  /-----BEGIN [A-Z ]{0,20}PRIVATE KEY|(?:AKIA|ASIA)[A-Z2-7]{16}|gh[pousr]_[A-Za-z0-9]|github_pat_|glpat-|xox[bp]-\d|hooks\.slack\.com\/services\/T|[rs]k_live_|npm_[A-Za-z0-9]|pypi-AgEIcHlwaS5vcmc|AIza[A-Za-z0-9_-]|GOCSPX-/g

export function findSecrets(path: string, bytes: Buffer): readonly SecretPlace[] {
  const text = bytes.toString('latin1')
  const found: SecretPlace[] = isCredentialFile(path) ? [...credentialsIn(path, text)] : []
  const taken = new Set(found.map(({ offset }) => offset))
  let candidates = 0
  for (const match of text.matchAll(beginnings)) {
    candidates += 1
    if (candidates > mostCandidates || found.length >= mostOfFile) break
    const secret = secretAt(text, match.index, match[0])
    if (secret === undefined || taken.has(secret.offset)) continue
    taken.add(secret.offset)
    found.push(secret)
  }
  return found
}

function secretAt(text: string, at: number, begins: string): SecretPlace | undefined {
  if (begins.startsWith('-----')) return privateKeyAt(text, at)
  if (/^A[KS]IA/.test(begins)) return awsKeyAt(text, at)
  return tokenAt(text, at)
}

interface TokenForm {
  readonly kind: string
  /** Sticky; its first group is what proves it. */
  readonly pattern: RegExp
  readonly proves?: (body: string) => boolean
}

const tokens: readonly TokenForm[] = [
  {
    kind: 'github-token',
    pattern: /gh[pousr]_([A-Za-z0-9]{36})(?![A-Za-z0-9_])/y,
    proves: hasChecksum,
  },
  {
    kind: 'github-token',
    pattern: /github_pat_([A-Za-z0-9]{22}_[A-Za-z0-9]{59})(?![A-Za-z0-9_])/y,
    proves: isMixed,
  },
  { kind: 'gitlab-token', pattern: /glpat-([A-Za-z0-9_-]{20})(?![A-Za-z0-9_-])/y, proves: isMixed },
  {
    kind: 'slack-token',
    pattern: /xox[bp]-([0-9]{10,14}-[0-9]{10,14}-[A-Za-z0-9-]{24,80})(?![A-Za-z0-9-])/y,
  },
  {
    kind: 'slack-webhook',
    pattern:
      /hooks\.slack\.com\/services\/(T[A-Z0-9]{8,12}\/B[A-Z0-9]{8,12}\/[A-Za-z0-9]{24})(?![A-Za-z0-9])/y,
    proves: isMixed,
  },
  {
    kind: 'stripe-key',
    pattern: /[rs]k_live_([A-Za-z0-9]{24,99})(?![A-Za-z0-9])/y,
    proves: isMixed,
  },
  { kind: 'npm-token', pattern: /npm_([A-Za-z0-9]{36})(?![A-Za-z0-9_])/y, proves: hasChecksum },
  {
    kind: 'pypi-token',
    pattern: /pypi-AgEIcHlwaS5vcmc([A-Za-z0-9_-]{70,400})(?![A-Za-z0-9_-])/y,
    proves: isMixed,
  },
  { kind: 'google-api-key', pattern: /AIza([A-Za-z0-9_-]{35})(?![A-Za-z0-9_-])/y, proves: isMixed },
  {
    kind: 'google-client-secret',
    pattern: /GOCSPX-([A-Za-z0-9_-]{28})(?![A-Za-z0-9_-])/y,
    proves: isMixed,
  },
]

function tokenAt(text: string, at: number): SecretPlace | undefined {
  if (/[A-Za-z0-9_]/.test(text.charAt(at - 1))) return undefined
  for (const { kind, pattern, proves } of tokens) {
    pattern.lastIndex = at
    const [value, body = ''] = pattern.exec(text) ?? []
    if (value === undefined) continue
    const isOne = proves === undefined || proves(body)
    return isOne && !isPlaceholder(body) ? { kind, offset: at, value } : undefined
  }
  return undefined
}

/** Characters before and behind an access key within which its secret is looked for. */
const besideChars = 400
const awsSecret = /(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g

/** An id alone opens nothing: it is told where a secret stands beside it. */
function awsKeyAt(text: string, at: number): SecretPlace | undefined {
  const id = text.slice(at, at + 20)
  const isPart = /[A-Z0-9]/.test(text.charAt(at - 1)) || /[A-Z0-9]/.test(text.charAt(at + 20))
  if (isPart || id.endsWith('EXAMPLE')) return undefined
  const beside = text.slice(Math.max(0, at - besideChars), at + 20 + besideChars)
  const secrets = beside.match(awsSecret) ?? []
  const value = secrets.find((one) => isMixed(one) && !/EXAMPLE/i.test(one))
  return value === undefined ? undefined : { kind: 'aws-access-key', offset: at, value }
}

/** A key of 16,384 bits is no longer. */
const longestPem = 20_000
const pemHead = /-----BEGIN ([A-Z ]{0,20})PRIVATE KEY(?: BLOCK)?-----/y
const pemHeaders = /(?:Proc-Type|DEK-Info|Version|Comment|Hash): [^\r\n\\]{0,200}/g
/** What is between the lines of a body: also line feeds written as \n in JSON, and what joins pieces in sources. */
const pemBreaks = /\\[rn]|[\r\n \t"',+]/g

/** What has no body, or another one than base64, is a word about keys. */
function privateKeyAt(text: string, at: number): SecretPlace | undefined {
  pemHead.lastIndex = at
  const [head, name = ''] = pemHead.exec(text) ?? []
  if (head === undefined) return undefined
  const rest = text.slice(at + head.length, at + longestPem)
  const end = rest.indexOf('-----')
  if (end === -1 || !rest.startsWith('-----END ', end)) return undefined
  const written = rest.slice(0, end)
  const body = written.replaceAll(pemHeaders, '').replaceAll(pemBreaks, '')
  if (body.length < 64 || !isMixed(body) || /[^A-Za-z0-9+/=]/.test(body)) return undefined
  const isEncrypted =
    name.startsWith('ENCRYPTED') || written.includes('4,ENCRYPTED') || isSealedOpenssh(name, body)
  return { kind: isEncrypted ? 'encrypted-private-key' : 'private-key', offset: at, value: body }
}

/** `openssh-key-v1`, a zero, and the name of the cipher, which is `none` where nothing is encrypted. */
function isSealedOpenssh(name: string, body: string): boolean {
  if (!name.startsWith('OPENSSH')) return false
  const head = Buffer.from(body.slice(0, 80), 'base64').toString('latin1')
  return head.startsWith('openssh-key-v1\0') && !head.startsWith('openssh-key-v1\0\0\0\0\x04none')
}
