// Purpose:  match ARNs field by field: a wildcard in one of the first five fields does not cross a colon.
// Spec:     IAM User Guide, "IAM JSON policy elements: Resource" and "Amazon Resource Name (ARN) condition operators".
// Input:    a pattern of a policy, and an ARN from a request or a context key; the ARN may be hostile.
// Deviates: a last field `*` before the sixth covers the fields that are missing, for every service (AWS: for some).
// Unknowns: a pattern with fewer than six fields, or a variable without value → undefined; the reader takes the safe side.
import type { ContextValues } from './context-values.ts'
import type { Meter } from './glob.ts'
import { compileTokens, plainText, type Matcher, type Token } from './pattern.ts'

const fieldCount = 6

export interface ArnPatternRules {
  /** `arn:aws:ecr:*` stands for all fields that follow: so in Resource, not in conditions. */
  readonly mayEndEarly: boolean
  /** In Resource only the sixth field may hold variables, in conditions each. */
  readonly hasVariablesAnywhere: boolean
}

/** A matcher of whole ARNs; what has no six fields or does not begin with `arn:` is matched by none. */
export function compileArnPattern(tokens: readonly Token[], rules: ArnPatternRules): Matcher {
  const [only] = tokens
  if (tokens.length === 1 && only?.kind === 'variable' && rules.hasVariablesAnywhere) {
    return matchWholeVariable(compileTokens(tokens))
  }
  const fields = fieldsOf(tokens, rules.mayEndEarly)
  if (fields === undefined) return () => undefined
  const { leading } = fields
  const hasEarlyVariable = leading.some((field) => field.some(({ kind }) => kind === 'variable'))
  if (hasEarlyVariable && !rules.hasVariablesAnywhere) return () => undefined
  const last = compileTokens(fields.last)
  const prefix = prefixOf(leading)
  if (prefix !== undefined) {
    return (text, context, meter) =>
      text.startsWith(prefix) ? last(text.slice(prefix.length), context, meter) : false
  }
  return matchFields(leading.map(compileTokens), last)
}

interface Fields {
  /** The first five. */
  readonly leading: readonly (readonly Token[])[]
  readonly last: readonly Token[]
}

/** Splits at the first five colons of the pattern's own text: a colon in the value of a variable separates nothing. */
function fieldsOf(tokens: readonly Token[], mayEndEarly: boolean): Fields | undefined {
  const leading: (readonly Token[])[] = []
  let last: Token[] = []
  for (const token of tokens) {
    if (token.kind !== 'text') {
      last.push(token)
      continue
    }
    let { text } = token
    for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':')) {
      if (leading.length === fieldCount - 1) break
      leading.push([...last, ...textTokens(text.slice(0, colon))])
      last = []
      text = text.slice(colon + 1)
    }
    last.push(...textTokens(text))
  }
  const missing = fieldCount - 1 - leading.length
  if (missing === 0) return { leading, last }
  const isOpen = leading.length > 0 && last.length === 1 && last[0]?.kind === 'run'
  if (!isOpen || !mayEndEarly) return undefined
  return { leading: [...leading, ...Array.from({ length: missing }, () => last)], last }
}

function textTokens(text: string): readonly Token[] {
  return text === '' ? [] : [{ kind: 'text', text }]
}

/** The five first fields with their colons, where they are plain text and begin an ARN. */
function prefixOf(leading: readonly (readonly Token[])[]): string | undefined {
  const texts = leading.map(plainText)
  if (texts[0] !== 'arn' || texts.includes(undefined)) return undefined
  return `${texts.join(':')}:`
}

function matchFields(leading: readonly Matcher[], last: Matcher): Matcher {
  return (text, context, meter) => {
    if (!text.startsWith('arn:')) return false
    let start = 0
    let isResolved = true
    for (const matches of leading) {
      const end = text.indexOf(':', start)
      if (end < 0) return false
      const matched = matches(text.slice(start, end), context, meter)
      if (matched === false) return false
      if (matched === undefined) isResolved = false
      start = end + 1
    }
    const matched = last(text.slice(start), context, meter)
    return matched === true && !isResolved ? undefined : matched
  }
}

function matchWholeVariable(matches: Matcher): Matcher {
  return (text: string, context: ContextValues, meter?: Meter) =>
    isArn(text) ? matches(text, context, meter) : false
}

function isArn(text: string): boolean {
  return /^arn:(?:[^:]*:){4}/.test(text)
}
