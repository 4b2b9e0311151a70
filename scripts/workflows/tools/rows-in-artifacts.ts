/** Says whether artifacts may hold rows, such as predictions by row id: output `allowed`, `true` or `false`. */
import { annotate } from '../../../actions/shared/annotate.ts';
import { cleanOutput } from '../../../pipeline/report/clean-text.ts';
import { give } from '../github.ts';
import { whyNoRows } from '../public-rows.ts';

const why = await whyNoRows('mlops.yaml', process.env.ROWS_IN_ARTIFACTS);
if (why !== null)
  annotate(
    'notice',
    cleanOutput(
      `The predictions are in no artifact, because ${why}; the repository variable ROWS_IN_ARTIFACTS allows it (docs/privacy.md).`,
    ),
    { title: 'Predictions' },
  );
give({ allowed: String(why === null) });
