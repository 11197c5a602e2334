// Purpose:  does the configuration of an image hold secrets?
// Spec:     our own; OCI image-spec, config (Env, Labels, Cmd, Entrypoint, history).
// Input:    names and texts of a configuration; hostile, capped by who reads them.
// Deviates: nothing.
// Unknowns: none told here: a text that fits no pattern may be a secret all the same, so nothing found is not nothing there.

/** Prefixes that issuers gave their tokens so that they can be found, and forms that nothing else has. */
const patterns: readonly (readonly [what: string, pattern: RegExp])[] = [
  ['an AWS access key', /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/],
  ['a GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50})/],
  ['a GitLab token', /\bglpat-[A-Za-z0-9_-]{20}/],
  ['a Slack token', /\bxox[abprs]-[A-Za-z0-9-]{10}/],
  ['an npm token', /\bnpm_[A-Za-z0-9]{36}\b/],
  ['a PyPI token', /\bpypi-AgE[A-Za-z0-9_-]{50}/],
  ['a Stripe key', /\b[rs]k_live_[A-Za-z0-9]{20}/],
  ['a Google API key', /\bAIza[A-Za-z0-9_-]{35}/],
  ['a private key', /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/],
  ['a JSON Web Token', /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10}/],
  ['an address with a password', /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{1,100}:[^\s:/@$]{3,100}@/],
]

const secretName =
  /(?:^|_)(?:PASSWORD|PASSWD|SECRET|SECRET_KEY|API_?KEY|ACCESS_KEY|PRIVATE_KEY|TOKEN|CREDENTIALS?)$/i

/** Values that say where a secret is, or that there is none. */
const harmlessValue = /^(?:|true|false|yes|no|none|null|changeme|\$.*|\/.*|<.*>|\*+)$/i

const maxTextLength = 20_000
const maxSecrets = 20

/** Of one named text what it looks like; undefined for nothing. The text itself is in no answer. */
export function secretIn(name: string, text: string): string | undefined {
  const looked = text.slice(0, maxTextLength)
  const found = patterns.find(([, pattern]) => pattern.test(looked))
  if (found !== undefined) return found[0]
  return secretName.test(name) && !harmlessValue.test(looked.trim())
    ? 'a value under the name of a secret'
    : undefined
}

export interface ConfigurationTexts {
  /** `NAME=value`. */
  readonly env: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly command: readonly string[]
  readonly history: readonly string[]
}

/** Places and what stands there: `ENV API_TOKEN: a GitHub token`. */
export function secretsIn({
  env,
  labels,
  command,
  history,
}: ConfigurationTexts): readonly string[] {
  const places: readonly (readonly [place: string, name: string, text: string])[] = [
    ...env.map((line) => {
      const at = line.indexOf('=')
      const name = at === -1 ? line : line.slice(0, at)
      return [`ENV ${name}`, name, at === -1 ? '' : line.slice(at + 1)] as const
    }),
    ...Object.entries(labels).map(([name, text]) => [`LABEL ${name}`, name, text] as const),
    ...command.map((text, at) => [`argument ${at + 1} of its command`, '', text] as const),
    ...history.map((text, at) => [`step ${at + 1} of its history`, '', text] as const),
  ]
  const found = places.flatMap(([place, name, text]) => {
    const what = secretIn(name, text)
    return what === undefined ? [] : [`${place.slice(0, 100)}: ${what}`]
  })
  return found.slice(0, maxSecrets)
}
