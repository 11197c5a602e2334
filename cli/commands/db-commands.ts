import type { Command } from 'commander'
import { formatOption } from '../output.ts'
import { exportBundle, makeKeys } from './db-bundle.ts'
import { diffData, searchData, showRecord } from './db-questions.ts'

/** Commands about bundles of vulnerability data, and questions about the data. */
export function addDataCommands(db: Command): void {
  db.command('export')
    .argument('[file]', 'where to')
    .description('Write all vulnerability data into one signed bundle, while the server serves.')
    .option(
      '--push <artifact>',
      'push it as an artifact instead: REPOSITORY:TAG or HOST/REPOSITORY:TAG',
    )
    .option('--since <state>', 'only what changed since a revision, or since a bundle by its id')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique db export advisories.tar\n  pratique db export --push security/advisories:2026-11-26\n\nExit codes: 0 written, 1 failed, 2 nonsense, 4 not allowed.',
    )
    .action(exportBundle)
  db.command('keygen')
    .description('Print the public key of what this server signs; made at the first call.')
    .option('--rotate', 'make a new key, which signs from now on')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique db keygen >> bundle-keys.pem\n\nWhere bundles are imported, PRATIQUE_BUNDLE_KEYS names the file. Give a new key there before you rotate here.\n\nExit codes: 0 shown, 1 failed, 4 not allowed.',
    )
    .action(makeKeys)
  db.command('diff')
    .argument('<from>', 'a revision, a date, or a bundle (file or oci://…)')
    .argument('[to]', 'a revision, a date, or now', undefined)
    .description('What changed between two states of the data, or what a bundle would change.')
    .option('--all', 'show every record that changed')
    .option('--allow-unsigned', 'compare a bundle that nobody vouches for')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique db diff 2026-11-01\n  pratique db diff 12 15 --all --output json\n  pratique db diff advisories.tar\n\nExit codes: 0 shown, 1 failed, 2 nonsense, 4 not allowed.',
    )
    .action(diffData)
  db.command('search')
    .argument('<text>', 'an id of any kind, the name of a package, or words of a summary')
    .description('Find records in force.')
    .option('--limit <count>', 'records at most', '50')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique db search CVE-2021-44228\n  pratique db search log4j-core\n\nExit codes: 0 found, 1 failed, 4 not allowed, 5 nothing found.',
    )
    .action(searchData)
  db.command('show')
    .argument('<id>', 'id of a record')
    .description('A record as it is in force, its history, and which stored packages match it.')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExample:\n  pratique db show GHSA-jfh8-c2jp-5v3q\n\nExit codes: 0 shown, 1 failed, 4 not allowed, 5 no such record.',
    )
    .action(showRecord)
}
