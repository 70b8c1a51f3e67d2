import { StrictMode } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { Page } from '../react/Page.jsx';
import { Onboarding } from './Onboarding.jsx';

hydrateRoot(document.getElementById('app'), <StrictMode><Page form={Onboarding} /></StrictMode>);
