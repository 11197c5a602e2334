import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accessErrors } from '../../src/access/errors.ts'
import { masterKeyErrors } from '../../src/access/master-key-errors.ts'
import { lintPolicy } from '../../src/policy/lint/lint-policy.ts'
import { allCodes } from '../../src/policy/lint/lint-table.ts'
import type { PolicyKind } from '../../src/policy/document.ts'
import { iamOperations } from '../../src/edges/aws/iam/operations.ts'
import type { QueryOperation } from '../../src/edges/aws/protocol/query-operation.ts'
import { stsOperations } from '../../src/edges/aws/sts/operations.ts'
import { admissionErrors } from '../../src/admission/errors.ts'
import { feeds } from '../../src/feeds/table.ts'
import { trustErrors } from '../../src/trust/errors.ts'
import { lifecycleErrors } from '../../src/lifecycle/errors.ts'
import { notificationErrors } from '../../src/notifications/errors.ts'
import { postureErrors } from '../../src/posture/errors.ts'
import { registryErrors } from '../../src/registry/errors.ts'
import { replicationErrors } from '../../src/replication/errors.ts'
import { scanningErrors } from '../../src/scanning/errors.ts'
import { signingErrors } from '../../src/signing/errors.ts'
import { signingConfigurationErrors } from '../../src/trust/signing-configuration-errors.ts'
import { templateErrors } from '../../src/templates/errors.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

export function errorsDocument(): string {
  const sections = [
    section('Registry', registryErrors),
    section('Access', accessErrors),
    section('Master key', masterKeyErrors),
    section('Scanner', scanningErrors),
    section('Lifecycle policies', lifecycleErrors),
    section('Replication and pull-through', replicationErrors),
    section('Signing', signingErrors),
    section('Signing configuration', signingConfigurationErrors),
    section('Repository creation templates', templateErrors),
    section('Trust', trustErrors),
    section('Admission', admissionErrors),
    section('Notifications', notificationErrors),
    section('Posture', postureErrors),
  ]
  return `# Errors\n\nWhat the rooms refuse, and what to do. Each protocol spells these in its own words. Written by \`npm run docs\`.\n\n${sections.join('\n')}`
}

type Catalogue = Readonly<
  Record<
    string,
    { readonly sentence: string; readonly remedy: string; readonly retryable: boolean }
  >
>

function section(title: string, catalogue: Catalogue): string {
  const rows = Object.entries(catalogue).map(
    ([code, { sentence, remedy, retryable }]) =>
      `| \`${code}\` | ${sentence} | ${cell(remedy)} | ${retryable ? 'yes' : ''} |`,
  )
  return `## ${title}\n\n| code | what it means | what to do | may pass by itself |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

/** Where a file that implements a specification says how it differs. */
export function deviationsDocument(): string {
  const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .toSorted()
  const rows = files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const words = deviationIn(text)
    return words === undefined ? [] : [`| \`${file}\` | ${cell(words)} |`]
  })
  return `# Deviations\n\nWhere Pratique knowingly differs from a specification or from AWS, gathered from the heads of the files. Written by \`npm run docs\`.\n\n| where | how |\n|---|---|\n${rows.join('\n')}\n`
}

/** What a file says in its head of how it differs; undefined for one that does not. */
export function deviationIn(text: string): string | undefined {
  const match = /^\/\/ Deviates: ([\s\S]*?)\n(?:\/\/ [A-Z]\w+:|(?!\/\/))/m.exec(text)
  const words = match?.[1]?.replaceAll(/\n\/\/\s*/g, ' ')
  return words === undefined || /^nothing|^none/.test(words) ? undefined : words
}

/** Every feed: where it is, what it has, under which licence. */
export function feedsDocument(): string {
  const rows = feeds.map(({ name, says, home, licence, isDefault, ecosystems, parts }) => {
    const names = parts.kind === 'fixed' ? parts.names.filter((part) => part !== '') : []
    const listed = parts.kind === 'listed' ? 'as its index lists them' : names.join(', ')
    const about = ecosystems.length === 0 ? 'facts about CVEs' : ecosystems.join(', ')
    const cells = [`\`${name}\``, isDefault ? 'yes' : '', says, about, listed, home, licence]
    return `| ${cells.map(cell).join(' | ')} |`
  })
  const head =
    '| feed | by default | what it has | ecosystems | parts | home | licence |\n|---|---|---|---|---|---|---|'
  const prose = readFileSync(join(root, 'test/kit/feeds-prose.md'), 'utf8')
  return `${prose}\n${head}\n${rows.join('\n')}\n`
}

const severityTitles = {
  ERROR: 'Errors: it is refused, or does not mean what it says',
  SECURITY_WARNING: 'Security warnings: it allows more than it seems to',
  WARNING: 'Warnings: it does less than it seems to, or something else',
  SUGGESTION: 'Suggestions',
} as const

/** Every finding of `pratique policy lint` with the shortest of its cases. */
export function policyLintDocument(): string {
  const sections = (['ERROR', 'SECURITY_WARNING', 'WARNING', 'SUGGESTION'] as const).map((one) => {
    const rows = allCodes.filter(({ severity }) => severity === one)
    const entries = rows.map(({ code, title, remedy }) => {
      const { text, kind, message } = exampleOf(code)
      const what = title ?? asSentence(message)
      return `### \`${code}\`\n\n${what}. What to do: ${remedy}.\n\n${kind}: \`${text}\`\n`
    })
    return `## ${severityTitles[one]}\n\n${entries.join('\n')}`
  })
  return `# What \`pratique policy lint\` finds\n\nEach finding with an example and what to do. Errors with examples of what is refused also say why a policy is refused where it is put. Written by \`npm run docs\`.\n\n${sections.join('\n')}`
}

interface LintExample {
  readonly kind: PolicyKind
  readonly input: unknown
  readonly options?: object
}

function exampleOf(code: string): {
  readonly text: string
  readonly kind: string
  readonly message: string
} {
  const cases = ['lint', 'malformed-policies'].flatMap((name) => {
    const path = join(root, 'src/policy/cases', `${name}.json`)
    return JSON.parse(readFileSync(path, 'utf8')) as readonly LintExample[]
  })
  const found = cases.flatMap(({ kind, input, options }) => {
    const text = typeof input === 'string' ? input : JSON.stringify(input)
    const finding = lintPolicy(text, kind, options).find((one) => one.code === code)
    return finding === undefined || text === '' ? [] : [{ text, kind, message: finding.message }]
  })
  const [shortest] = found.toSorted((a, b) => a.text.length - b.text.length)
  const { text, kind, message } = shortest ?? {
    text: '…',
    kind: 'identity',
    message: longOnes[code] ?? code,
  }
  return { text: text.length > 500 ? `${text.slice(0, 100)}…` : text, kind, message }
}

/** What no case can hold: the cases are files of their own. */
const longOnes: Readonly<Record<string, string>> = {
  DOCUMENT_TOO_LONG: 'the document has more than 131072 characters',
  INVALID_CHARACTER: 'a character may not stand in a policy',
}

function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

/** What IAM and STS serve, and what each operation is authorised for. */
export function operationsDocument(): string {
  const sections = [operationRows('IAM', iamOperations), operationRows('STS', stsOperations)]
  return `# Operations of IAM and STS\n\nThose that are served; every other answers InvalidAction. Written by \`npm run docs\`.\n\n${sections.join('\n')}`
}

function operationRows(
  title: string,
  operations: ReadonlyMap<
    string,
    Pick<QueryOperation<never>, 'name'> & {
      readonly authorization:
        { readonly action: string } | { readonly kind: 'authenticated-only'; readonly why: string }
    }
  >,
): string {
  const rows = [...operations.values()].map(({ name, authorization }) =>
    'action' in authorization
      ? `| ${name} | \`${authorization.action}\` |`
      : `| ${name} | none: ${cell(authorization.why)} |`,
  )
  return `## ${title}\n\n| operation | action |\n|---|---|\n${rows.toSorted().join('\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
