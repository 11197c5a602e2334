// The feeds that are OVAL definitions.
import { openDecodedFile } from '../decoded-file.ts'
import type { Feed } from '../feed.ts'
import { fileLimits } from '../limits.ts'
import { readWholeFile } from '../parts.ts'
import { readAzureOval } from './azure.ts'
import { readOracleOval } from './oracle.ts'

export const oracleFeed: Feed = {
  name: 'oracle',
  says: 'Oracle Linux’s errata: what each release mended, builds for Ksplice and FIPS apart',
  home: 'https://linux.oracle.com/security/oval',
  licence: 'Oracle’s terms of use',
  isDefault: true,
  ecosystems: ['Oracle Linux'],
  parts: { kind: 'fixed', names: [''] },
  readPart: (origin, { cursor }, options) =>
    readWholeFile(
      origin,
      {
        path: 'com.oracle.elsa-all.xml.bz2',
        cursor,
        records: (path) => readOracleOval(openDecodedFile(path), fileLimits),
      },
      options,
    ),
}

const azureFiles: ReadonlyMap<string, { readonly path: string; readonly release: string }> =
  new Map([
    ['3.0', { path: 'azurelinux-3.0-oval.xml', release: '3' }],
    ['2.0', { path: 'cbl-mariner-2.0-oval.xml', release: '2' }],
    ['1.0', { path: 'cbl-mariner-1.0-oval.xml', release: '1' }],
  ])

export const azureFeed: Feed = {
  name: 'azure',
  says: 'the flaws of Azure Linux and of CBL-Mariner before it, open ones too; each release is a part',
  home: 'https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main',
  licence: 'MIT',
  isDefault: false,
  ecosystems: ['Azure Linux'],
  parts: { kind: 'fixed', names: [...azureFiles.keys()] },
  readPart: (origin, { part, cursor }, options) => {
    const { path, release } = azureFiles.get(part) ?? { path: part, release: part }
    const records = (file: string): ReturnType<typeof readAzureOval> =>
      readAzureOval(openDecodedFile(file), { release }, fileLimits)
    return readWholeFile(origin, { path, cursor, records }, options)
  },
}
