// Compares templates with the library of cdk diff. Standard input holds the pairs:
// [{"deployed": …, "proposed": …}, …]. Standard output gets an object for each pair.
const { fullDiff } = require('@aws-cdk/cloudformation-diff');

let input = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (piece) => { input += piece; });
process.stdin.on('end', () => process.stdout.write(JSON.stringify(JSON.parse(input).map(compare))));

function compare({ deployed, proposed }) {
  const difference = fullDiff(deployed, proposed);
  const resources = [];
  difference.resources.forEachDifference((id, change) => {
    const properties = {};
    for (const [name, property] of Object.entries(change.propertyUpdates ?? {})) {
      if (property.isDifferent) properties[name] = property.changeImpact ?? '';
    }
    resources.push({ id, impact: change.changeImpact, properties });
  });
  const others = [];
  for (const section of ['parameters', 'mappings', 'conditions', 'outputs', 'unknown']) {
    difference[section].forEachDifference((id, change) => {
      others.push({ section, id, deployed: change.oldValue ?? null, proposed: change.newValue ?? null });
    });
  }
  return { resources, others };
}
