import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accessErrors } from '../../src/access/errors.ts'
import { registryErrors } from '../../src/registry/errors.ts'
import { scanningErrors } from '../../src/scanning/errors.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

export function errorsDocument(): string {
  const sections = [
    section('Registry', registryErrors),
    section('Access', accessErrors),
    section('Scanner', scanningErrors),
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
    const match = /^\/\/ Deviates: ([\s\S]*?)\n(?:\/\/ [A-Z]\w+:|(?!\/\/))/m.exec(text)
    const words = match?.[1]?.replaceAll(/\n\/\/\s*/g, ' ')
    return words === undefined || /^nothing|^none/.test(words)
      ? []
      : [`| \`${file}\` | ${cell(words)} |`]
  })
  return `# Deviations\n\nWhere Pratique knowingly differs from a specification or from AWS, gathered from the heads of the files. Written by \`npm run docs\`.\n\n| where | how |\n|---|---|\n${rows.join('\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
