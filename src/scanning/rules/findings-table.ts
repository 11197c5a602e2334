// Purpose:  write rows of a report as comma-separated values.
// Spec:     RFC 4180; the columns of Amazon Inspector's reports that a container image has values for.
// Input:    texts; those of packages and images are hostile.
// Deviates: a value that a spreadsheet would take for a formula has an apostrophe before it.
// Unknowns: what is not known is an empty field.

export const findingColumns = [
  'AWS Account Id',
  'Severity',
  'Fix Available',
  'Finding Type',
  'Title',
  'Description',
  'Finding ARN',
  'First Seen',
  'Last Seen',
  'Last Updated',
  'Resource ID',
  'Container Image Tags',
  'Region',
  'Platform',
  'Resource Tags',
  'Affected Packages',
  'Package Installed Version',
  'Fixed in Version',
  'Package Remediation',
  'File Path',
  'Remediation',
  'Inspector Score',
  'Inspector Score Vector',
  'Status',
  'Vulnerability Id',
  'Vendor',
  'Vendor Severity',
  'Vendor Advisory',
  'Exploit Available',
  'EPSS Score',
] as const

export type FindingRow = Readonly<Record<(typeof findingColumns)[number], string>>

export function tableHead(): string {
  return lineOf(findingColumns)
}

export function tableLine(row: FindingRow): string {
  return lineOf(findingColumns.map((column) => row[column]))
}

function lineOf(values: readonly string[]): string {
  return `${values.map(fieldOf).join(',')}\r\n`
}

function fieldOf(value: string): string {
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
