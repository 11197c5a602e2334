import { quoted } from '../strict-json.ts'
import type { LintedTest, ReportFinding } from './linted-policy.ts'

/** The issuer of a key such as `token.actions.githubusercontent.com:sub`; undefined for keys of services. */
export function hostOfKey(key: string): string | undefined {
  const issuer = key.slice(0, Math.max(key.lastIndexOf(':'), 0))
  const [host = ''] = issuer.split('/', 1)
  return host.includes('.') || /^localhost(?::|$)/.test(host) ? issuer : undefined
}

/** What a subject of a provider lets in beside what was meant. */
export function lintSubject({ written, operator }: LintedTest, report: ReportFinding): void {
  const host = hostOfKey(written.key)
  const isLike = operator?.operator !== 'Null' && operator?.operator.name === 'StringLike'
  if (host === undefined || !written.key.toLowerCase().endsWith(':sub')) return
  for (const { value, at } of written.values) {
    // Behind the repository a wildcard stands for branches, tags, environments and pull requests alike.
    if (isLike && /(?:^|:)repo:[^:]*(?:[*?]|:[*?])/.test(value)) {
      report('GITHUB_SUBJECT_WILDCARD', `${quoted(value)} covers pull requests`, at)
    }
    if (/(?:^|:)project_path:/.test(value) && /:ref:/.test(value) && !/:ref_type:/.test(value)) {
      const message = `${quoted(value)} does not say whether it means a branch or a tag`
      report('GITLAB_SUBJECT_WITHOUT_REF_TYPE', message, at)
    }
  }
}
