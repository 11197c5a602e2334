// Purpose:  credentials in the files that are there to hold them.
// Spec:     npm config (.npmrc), Docker (config.json, auths), curl and inetutils (.netrc), PyPI (.pypirc), git-credential-store, Kubernetes (kubeconfig).
// Input:    the path and text of such a file, of at most a mebibyte; hostile.
// Deviates: kubeconfigs and .pypirc are read by lines, and not by their grammars.
// Unknowns: a file of another shape has nothing told of it.
import { isPlaceholder } from './secret-value.ts'

export interface SecretPlace {
  readonly kind: string
  /** Where the value begins, in characters. */
  readonly offset: number
  /** Goes no further than a salted fingerprint. */
  readonly value: string
}

interface Form {
  readonly path: RegExp
  readonly kind: string
  /** Its first group is the value. */
  readonly pattern: RegExp
}

const forms: readonly Form[] = [
  {
    path: /(?:^|\/)\.npmrc$/,
    kind: 'npm-credentials',
    pattern: /(?:^|[\n:])(?:_authToken|_password|_auth)[ \t]{0,4}=[ \t]{0,4}"?([^\s"]{8,512})/g,
  },
  {
    path: /(?:^|\/)\.yarnrc\.yml$/,
    kind: 'npm-credentials',
    pattern: /\bnpmAuth(?:Token|Ident):[ \t]{1,4}["']?([^\s"']{8,512})/g,
  },
  {
    path: /(?:^|\/)[._]netrc$/,
    kind: 'netrc-credentials',
    pattern: /(?:^|\s)password[ \t]{1,8}(\S{4,256})/g,
  },
  {
    path: /(?:^|\/)\.pypirc$/,
    kind: 'pypi-credentials',
    pattern: /(?:^|\n)[ \t]{0,8}password[ \t]{0,4}[=:][ \t]{0,4}(\S{6,512})/g,
  },
  {
    path: /(?:^|\/)\.git-credentials$/,
    kind: 'git-credentials',
    pattern: /(?:^|\n)https?:\/\/[^\s:/@]{0,128}:([^\s:/@]{6,256})@/g,
  },
  {
    path: /(?:^|\/)(?:\.kube\/config|kubeconfig(?:\.ya?ml)?|etc\/kubernetes\/[a-z-]+\.conf)$/,
    kind: 'kubernetes-credentials',
    pattern:
      /(?:^|\n)[ \t]{0,32}(?:- )?(?:token|password|client-key-data):[ \t]{1,4}["']?([^\s"']{8,8192})/g,
  },
]

const mostOfFile = 20

export function credentialsIn(path: string, text: string): readonly SecretPlace[] {
  if (/(?:^|\/)(?:\.docker\/config\.json|\.dockercfg)$/.test(path)) return dockerCredentials(text)
  const form = forms.find((one) => one.path.test(path))
  if (form === undefined) return []
  const found: SecretPlace[] = []
  for (const match of text.matchAll(form.pattern)) {
    const [whole, value = ''] = match
    if (isPlaceholder(value)) continue
    found.push({ kind: form.kind, offset: match.index + whole.lastIndexOf(value), value })
    if (found.length === mostOfFile) break
  }
  return found
}

/** `auth` is `user:password` in base64; where a helper keeps it, it is empty. */
function dockerCredentials(text: string): readonly SecretPlace[] {
  const found: SecretPlace[] = []
  for (const match of text.matchAll(
    /"(auth|identitytoken)"\s{0,8}:\s{0,8}"([A-Za-z0-9+/=._-]{8,8192})"/g,
  )) {
    const [whole, member, value = ''] = match
    const [, password = ''] = /^[^:]{1,256}:(.{1,4096})$/s.exec(
      Buffer.from(value, 'base64').toString('latin1'),
    ) ?? ['', '']
    if (member === 'auth' && (password === '' || isPlaceholder(password))) continue
    found.push({
      kind: 'docker-credentials',
      offset: match.index + whole.lastIndexOf(value),
      value,
    })
    if (found.length === mostOfFile) break
  }
  return found
}
