import * as Turbo from '@hotwired/turbo';
import { served } from '../served.js';

served(async query => {
  const form = await (await fetch('/form?' + query)).text();
  Turbo.renderStreamMessage(`<turbo-stream action="replace" method="morph" target="onboarding"><template>${form}</template></turbo-stream>`);
});
