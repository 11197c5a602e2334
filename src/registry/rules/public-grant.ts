// Purpose:  does a repository policy let in everybody, those without a name included?
// Spec:     AWS IAM Access Analyzer, "public access"; Pratique's design: what is public is made so on purpose.
// Input:    a document that was parsed.
// Deviates: nothing.
// Unknowns: a condition that is not known to narrow who asks counts as none.
import type { ConditionTest, PolicyDocument, Statement } from '../../policy/document.ts'

/** An Allow for `*` that no condition keeps to certain callers. */
export function grantsToEverybody({ statements }: PolicyDocument): boolean {
  return statements.some(
    (statement) =>
      statement.effect === 'Allow' && namesEverybody(statement) && !isNarrowed(statement),
  )
}

function namesEverybody({ principal }: Statement): boolean {
  return (
    principal !== undefined &&
    (principal.isNegated || principal.members.some(({ kind }) => kind === 'everyone'))
  )
}

function isNarrowed({ conditions }: Statement): boolean {
  return conditions.some(
    (test) => isPositive(test) && narrows(test.key.toLowerCase()) && !test.values.includes('*'),
  )
}

/** Absent keys and other values do not pass. */
function isPositive({ operator }: ConditionTest): boolean {
  return !/Not|IfExists$|^ForAllValues:|^Null$/.test(operator)
}

const narrowing = new Set([
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:userid',
  'aws:username',
  'aws:sourceip',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:vpcsourceip',
  'aws:sourcearn',
  'aws:sourceaccount',
])

function narrows(key: string): boolean {
  return narrowing.has(key) || key.startsWith('aws:principaltag/')
}
