import { postureSeverities } from '../../src/posture/rules/posture-rule.ts'
import { postureRules } from '../../src/posture/rules/table.ts'

/** Every rule of `pratique audit`, the gravest first. */
export function auditRulesDocument(): string {
  const rows = postureRules.map(
    ({ id, title, severity }) => `| [${id}](#${id.toLowerCase()}) | ${severity} | ${title} |`,
  )
  const sections = postureSeverities.map((severity) => {
    const rules = postureRules.filter((rule) => rule.severity === severity)
    return `## ${severity.charAt(0).toUpperCase()}${severity.slice(1)}\n\n${rules.map(ruleText).join('\n')}`
  })
  return `# The rules of \`pratique audit\`\n\nWhat each asks, why, by which rights it is answered, and what mends it. [How to use them](posture.md). Names of other tools' checks stand where those have the same idea; the answers may differ. Written by \`npm run docs\`.\n\n| rule | severity | asks |\n|---|---|---|\n${rows.join('\n')}\n\n${sections.join('\n')}`
}

function ruleText({
  id,
  title,
  why,
  evidence,
  remedy,
  equivalents,
  references,
}: (typeof postureRules)[number]): string {
  const rights = evidence.map((action) => `\`${action}\``).join(', ')
  const same = equivalents.map(({ tool, id: name }) => `${tool} ${name}`).join(', ')
  return [
    `### ${id}`,
    '',
    `${title}. ${why}`,
    '',
    ...(rights === '' ? [] : [`Needs: ${rights}.`, '']),
    `Mend it: \`${remedy}\``,
    '',
    ...(same === '' ? [] : [`The same idea: ${same}.`, '']),
    ...(references.length === 0
      ? []
      : [`See: ${references.map((url) => `<${url}>`).join(', ')}.`, '']),
  ].join('\n')
}
