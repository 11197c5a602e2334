import { isInNetwork, parseNetwork, type Network } from '../operators/ip-address.ts'
import type { Written } from '../reading/written-policy.ts'
import { quoted } from '../strict-json.ts'
import {
  withoutVariables,
  type LintedPolicy,
  type LintedTest,
  type ReportFinding,
} from './linted-policy.ts'

/** RFC 1918, 4193, 3927, 4291 and 1122: what no client on the internet comes from. */
const privateNetworks: readonly Network[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '127.0.0.0/8',
  'fc00::/7',
  'fe80::/10',
  '::1/128',
]
  .map(parseNetwork)
  .filter((network) => network !== undefined)

/** Values that are read otherwise than they look. */
export function lintValues({ statements }: LintedPolicy, report: ReportFinding): void {
  for (const { tests, written } of statements) {
    for (const at of written.emptyConditions) {
      report('EMPTY_OBJECT_CONDITION', 'this holds no test', at)
    }
    for (const test of tests) lintTest(test, report)
  }
}

function lintTest({ written, operator, key }: LintedTest, report: ReportFinding): void {
  if (operator === undefined || operator.operator === 'Null') return
  const { name, comparison } = operator.operator
  const isExact = comparison.operandType === 'string' && !comparison.hasWildcards
  for (const value of written.values) {
    if (isExact && /[*?]/.test(withoutVariables(value.value))) {
      const message = `${name} compares the wildcard in ${quoted(value.value)} as a character`
      report('WILDCARD_WITHOUT_LIKE_OPERATOR', message, value.at)
    }
    if (comparison.operandType === 'ip') lintNetwork(value, key?.name === 'aws:SourceIp', report)
  }
  const words = new Set(written.values.map(({ value }) => value.toLowerCase()))
  if (comparison.operandType === 'bool' && words.has('true') && words.has('false')) {
    report('MULTIPLE_BOOLEAN_VALUES', 'either value makes it true', written.at)
  }
}

function lintNetwork({ value, at }: Written, isSource: boolean, report: ReportFinding): void {
  const network = parseNetwork(value)
  if (network === undefined) return
  const isPrivate = privateNetworks.some(
    (outer) => outer.prefixLength <= network.prefixLength && isInNetwork(network.address, outer),
  )
  if (isPrivate && isSource) {
    report('PRIVATE_IP_ADDRESS', `${quoted(value)} is an address of private networks`, at)
  }
  if (hasHostBits(network)) {
    report('IMPROVE_IP_RANGE', `${quoted(value)} names an address within the network`, at)
  }
}

function hasHostBits({ address, prefixLength }: Network): boolean {
  const hostMask = (1n << BigInt(address.bits - prefixLength)) - 1n
  return (address.value & hostMask) !== 0n
}
