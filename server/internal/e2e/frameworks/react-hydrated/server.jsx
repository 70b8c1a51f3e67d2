import { StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { Page } from '../react/Page.jsx';
import { Onboarding } from './Onboarding.jsx';

process.stdout.write(renderToString(<StrictMode><Page form={Onboarding} /></StrictMode>));
