/** The header that says where a policy is wrong, and why: `LINE:COLUMN CODE reason`, in printable ASCII. */
export function policyErrorHeader(
  line: number,
  column: number,
  reason: string,
): Readonly<Record<string, string>> {
  const text = reason.replaceAll(/[^\u0020-\u007e]/g, '?').slice(0, 1000)
  return { 'pratique-policy-error': `${line}:${column} ${text}` }
}
