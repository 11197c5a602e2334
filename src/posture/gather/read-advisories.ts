// How new the vulnerability data is, and which findings are exempted.
import type { Clock } from '../../lib/clock.ts'
import type { AccountId } from '../../policy/account-id.ts'
import { describeRules } from '../../scanning/apply-rules.ts'
import { describeAdvisories } from '../../scanning/describe-advisories.ts'
import type { SqlReader } from '../../storage/database/database.ts'
import { endOf } from '../../vex/suppression-rules.ts'
import type { PostureEvidence } from '../rules/evidence.ts'

export async function readAdvisories(
  { database, clock }: { readonly database: SqlReader; readonly clock: Clock },
  account: AccountId,
): Promise<Pick<PostureEvidence, 'data' | 'exemptions'>> {
  const { updatedAt, feeds } = await describeAdvisories({ database, clock })
  const { rules } = await describeRules({ reader: database, clock }, account)
  return {
    data: {
      kind: 'told',
      value: {
        updatedAt: updatedAt?.getTime(),
        failing: feeds.flatMap(({ name, failure }) =>
          failure === undefined ? [] : [{ feed: name, words: failure.reason }],
        ),
      },
    },
    exemptions: {
      kind: 'told',
      value: rules.map(({ number, owner, until }) => ({
        name: `suppression rule ${number}`,
        owner,
        until: endOf(until),
      })),
    },
  }
}
